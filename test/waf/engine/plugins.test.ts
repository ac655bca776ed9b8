// What plugins for the CRS are made of: switches, exclusions for one application, new targets, counting of clients.
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { data, done, exchange, form, lines, rules, type Sent, verdict } from './support.ts';

describe('the switch of a plugin', () => {
  const plugin = `
    SecRule &TX:corner-shop-plugin_enabled "@eq 0" "id:10,phase:1,pass,nolog,setvar:'tx.corner-shop-plugin_enabled=1'"
    SecRule TX:corner-shop-plugin_enabled "@eq 0" "id:11,phase:1,pass,nolog,ctl:ruleRemoveById=20-29"
    SecAction "id:20,phase:1,pass,log,logdata:'%{tx.corner-shop-plugin_enabled}'"
    SecRule TX:CORNER-SHOP-PLUGIN_ENABLED "@streq 1" "id:29,phase:2,pass,log"`;

  test('is on when nobody set it', () => {
    expect(lines(plugin)).toEqual(['20', '29 TX:corner-shop-plugin_enabled']);
    expect(data(plugin)[0]).toBe('1');
  });

  test('is off for the whole range of rules when the set-up says so', () => {
    const off = `SecAction "id:1,phase:1,pass,nolog,setvar:tx.corner-shop-plugin_enabled=0"`;
    expect(lines(off + plugin)).toEqual([]);
  });
});

describe('an exclusion for one application', () => {
  const lookFor = (targets: string): string =>
    `SecRule ${targets} "@contains evil" "id:50,phase:2,pass,log,tag:shop/all"`;
  const exclude = (target: string, option = 'ruleRemoveTargetById=50'): string =>
    `SecRule REQUEST_FILENAME "@unconditionalMatch" "id:10,phase:1,pass,nolog,ctl:${option};${target}"\n`;

  test.for([
    ['ARGS', 'ARGS:rows[0][text]', 'rows%5B0%5D%5Btext%5D=evil', 'rows%5B1%5D%5Btext%5D=evil'],
    ['ARGS', 'ARGS:ids[]', 'ids%5B%5D=evil&ids[]=evil', 'ids=evil'],
    ['ARGS', 'ARGS:item[-1][item-url]', 'item[-1][item-url]=evil', 'item[1][item-url]=evil'],
    ['ARGS', 'ARGS:pass1-text', 'PASS1-Text=evil', 'pass1=evil'],
    ['ARGS', 'ARGS:name.first.last', 'name.first.last=evil', 'name.first=evil'],
    ['ARGS_NAMES', 'ARGS_NAMES:json.$evil', 'json.$evil=1', '$evil=1'],
    ['ARGS|ARGS_NAMES', 'ARGS', 'a=evil', 'evil=1'],
  ] as const)('%s without %s: not for %s, still for %s', ([targets, excluded, without, still]) => {
    expect(lines(exclude(excluded) + lookFor(targets), form(without))).toEqual([]);
    expect(lines(exclude(excluded) + lookFor(targets), form(still))).toHaveLength(1);
    expect(lines(exclude(excluded, 'ruleRemoveTargetByTag=shop') + lookFor(targets), form(without))).toEqual([]);
  });

  test('takes a header or a cookie of any case, and cookies by a pattern', () => {
    const sent = { headers: ['host', 'a.example', 'X-Shop', 'evil', 'cookie', 'SHOPab12=evil; other=x'] };
    const text = `${lookFor('REQUEST_HEADERS:x-shop')}\n${lookFor('REQUEST_COOKIES').replace('id:50', 'id:51')}`;
    expect(lines(text, sent)).toEqual(['50 REQUEST_HEADERS:X-Shop', '51 REQUEST_COOKIES:SHOPab12']);
    expect(lines(exclude('REQUEST_HEADERS:X-SHOP') + text, sent)).toEqual(['51 REQUEST_COOKIES:SHOPab12']);
    const cookies = 'REQUEST_COOKIES:/^SHOP[a-f0-9]+$/';
    expect(lines(exclude(cookies, 'ruleRemoveTargetById=51') + text, sent)).toEqual(['50 REQUEST_HEADERS:X-Shop']);
  });

  test('takes XML as a whole, or its texts only', () => {
    const sent: Sent = {
      method: 'POST',
      headers: ['host', 'a.example', 'content-type', 'text/plain'],
      body: '<a b="evil">evil</a>',
    };
    const text = `SecRule REQUEST_HEADERS:Content-Type "@beginsWith text/plain" "id:5,phase:1,pass,nolog,ctl:requestBodyProcessor=XML"
      ${lookFor('XML://@*|XML:/*')}`;
    expect(lines(text, sent)).toEqual(['50 XML:/*']);
    expect(lines(exclude('XML:/*') + text, sent)).toEqual(['50 XML://@*']);
    expect(lines(exclude('XML') + text, sent)).toEqual([]);
  });

  test('takes a counter whose name has a colon in it', () => {
    const text = `SecRule ARGS_NAMES "@unconditionalMatch" "id:40,phase:2,pass,nolog,setvar:'tx.times_%{MATCHED_VAR_NAME}=+1'"
      SecRule TX:/^times_/ "@gt 1" "id:50,phase:2,pass,log"`;
    expect(lines(exclude('TX:times_ARGS_NAMES:a') + text, form('a=1&a=2'))).toEqual([]);
    expect(lines(exclude('TX:times_ARGS_NAMES:a') + text, form('a=1&a=2&b=1&b=2'))).toEqual([
      '50 TX:times_args_names:b',
    ]);
  });

  test('takes parts of an upload', () => {
    const part = (name: string): string =>
      `--b\r\nContent-Disposition: form-data; name="${name}"; filename="evil.txt"\r\n\r\nx\r\n`;
    const sent: Sent = {
      method: 'POST',
      headers: ['host', 'a.example', 'content-type', 'multipart/form-data; boundary=b'],
      body: `${part('one')}${part('evil')}--b--\r\n`,
    };
    const text = lookFor('FILES_NAMES|FILES');
    expect(lines(text, sent)).toEqual(['50 FILES:evil']);
    expect(lines(exclude('FILES:evil') + text, sent)).toEqual(['50 FILES:one']);
    expect(lines(exclude('FILES') + text, sent)).toEqual(['50 FILES_NAMES:evil']);
    expect(lines(exclude('FILES|FILES_NAMES') + text, sent)).toEqual([]);
  });

  test('holds for a folder whose name stands in a setting', () => {
    const text = `SecAction "id:1,phase:1,pass,nolog,setvar:'tx.corner-shop-plugin_path=/shop/'"
      SecRule REQUEST_FILENAME "@beginsWith %{tx.corner-shop-plugin_path}" "id:2,phase:2,pass,nolog,chain"
        SecRule ARGS:page "@streq pay" "t:none,chain"
          SecRule &ARGS:page "@eq 1" "t:none,ctl:ruleRemoveTargetByTag=shop;ARGS:card"
      ${lookFor('ARGS')}`;
    expect(lines(text, { target: '/shop/?page=pay&card=evil' })).toEqual([]);
    expect(lines(text, { target: '/?page=pay&card=evil' })).toEqual(['50 ARGS:card']);
    expect(lines(text, { target: '/shop/?page=pay&page=x&card=evil' })).toEqual(['50 ARGS:card']);
  });

  test('names members of JSON as they are named in ARGS', () => {
    const headers = ['host', 'a.example', 'content-type', 'application/json'];
    const sent: Sent = { method: 'POST', headers, body: '{"note":"evil","title":"x"}' };
    expect(lines(exclude('ARGS:json.note') + lookFor('ARGS'), sent)).toEqual([]);
    expect(lines(exclude('ARGS:note') + lookFor('ARGS'), sent)).toEqual(['50 ARGS:json.note']);
  });

  test('can come as late as the phase it is about', () => {
    const text = `SecResponseBodyAccess On
      SecRule RESPONSE_STATUS "@rx ^50[03]$" "id:1,phase:3,pass,nolog,ctl:ruleRemoveById=50"
      SecRule RESPONSE_STATUS "@ge 500" "id:50,phase:3,pass,log"
      SecRule RESPONSE_BODY "@rx at most [0-9]+ mb" "id:2,phase:4,pass,nolog,t:none,t:lowercase,ctl:ruleRemoveById=51"
      SecRule RESPONSE_BODY "@contains MB" "id:51,phase:4,pass,log"`;
    expect(lines(text, { response: { status: 503, body: 'At most 10 MB' } })).toEqual([]);
    expect(lines(text, { response: { status: 502, body: '10 MB' } })).toEqual([
      '50 RESPONSE_STATUS',
      '51 RESPONSE_BODY',
    ]);
  });
});

test('what is allowed grows by a macro, whether or not the set-up named it', () => {
  const text = `SecRule &TX:allowed "@eq 0" "id:1,phase:1,pass,nolog,setvar:'tx.allowed=GET POST'"
    SecRule REQUEST_FILENAME "@beginsWith /dav/" "id:2,phase:1,pass,nolog,setvar:'tx.allowed=%{tx.allowed} PUT MOVE'"
    SecRule REQUEST_METHOD "@pm PUT MOVE" "id:3,phase:1,pass,nolog,chain"
      SecRule REQUEST_FILENAME "@contains /cal/" "setvar:'tx.allowed=%{tx.allowed} |%{REQUEST_METHOD}X|'"
    SecRule &TX:allowed "@eq 0" "id:4,phase:1,pass,nolog,setvar:tx.allowed=NONE"
    SecRule REQUEST_METHOD "!@within %{tx.allowed}" "id:50,phase:1,deny,status:405,logdata:'%{tx.allowed}'"`;
  expect(verdict(text, { method: 'PUT', target: '/dav/cal/x' })).toBe('none');
  expect(verdict(text, { method: 'PUT' })).toBe('deny 405 50');
  expect(data(text, { method: 'DELETE', target: '/dav/x' })).toEqual(['GET POST PUT MOVE']);
  expect(data(`SecAction "id:9,phase:1,pass,nolog,setvar:tx.allowed=HEAD"\n${text}`)).toEqual(['HEAD']);
});

test('a plugin holds for the sites in a list, by name, by name and port, or by port', () => {
  const text = `SecRule &TX:shop-plugin_sites "@gt 0" "id:1,phase:1,pass,nolog,setvar:tx.shop-plugin_here=1"
    SecRule &TX:shop-plugin_sites "@gt 0" "id:2,phase:1,pass,nolog,t:none,chain"
      SecRule REQUEST_HEADERS:Host "@rx ^(\\[[^\\]]+\\]|[^:]+)" "t:none,t:lowercase,capture,setvar:tx.shop-plugin_here=0,setvar:'tx.shop-plugin_name=/%{TX.1}/',setvar:'tx.shop-plugin_name_port=/%{TX.1}:%{SERVER_PORT}/',setvar:'tx.shop-plugin_port=/:%{SERVER_PORT}/'"
    SecRule TX:shop-plugin_name|TX:shop-plugin_name_port|TX:shop-plugin_port "@within %{tx.shop-plugin_sites}" "id:3,phase:1,pass,nolog,setvar:tx.shop-plugin_here=1"
    SecRule TX:shop-plugin_here "!@eq 1" "id:4,phase:1,pass,nolog,ctl:ruleRemoveById=50-59"
    SecAction "id:50,phase:1,pass,log"`;
  const holds = (sites: string, host: string): boolean =>
    lines(`SecAction "id:9,phase:1,pass,nolog,setvar:'tx.shop-plugin_sites=${sites}'"\n${text}`, {
      headers: ['host', host],
      serverPort: 8443,
    }).length === 1;
  expect(lines(text)).toEqual(['50']);
  expect(holds('/shop.example/', 'Shop.example:8443')).toBe(true);
  expect(holds('/x.example/ /[2001:db8::1]/', '[2001:DB8::1]:8443')).toBe(true);
  expect(holds('/shop.example:8443/', 'shop.example')).toBe(true);
  expect(holds('/shop.example:443/ /:443/', 'shop.example')).toBe(false);
  expect(holds('/:8443/', 'x')).toBe(true);
});

test('a request is recognised by the names of its arguments, and by no other name beside them', () => {
  const text = `
    SecRule &ARGS_GET:ticket "@eq 1" "id:1,phase:2,pass,nolog,setvar:'tx.sign-in-plugin_found=1'"
    SecRule TX:SIGN-IN-PLUGIN_FOUND "@eq 1" "id:2,phase:2,pass,nolog,chain"
      SecRule ARGS_NAMES "@rx ^.*$" "capture,setvar:'tx.sign-in-plugin_name_%{tx.0}=/%{tx.0}/',chain"
        SecRule TX:/^sign-in-plugin_name_/ "!@within /ticket/ /lang/ %{tx.sign-in-plugin_more}" "setvar:tx.sign-in-plugin_found=0"
    SecAction "id:3,phase:2,pass,log,logdata:'%{tx.sign-in-plugin_found}'"`;
  const found = (query: string, more = ''): string[] => data(more + text, { target: `/?${query}` });
  expect(found('ticket=1&lang=en')).toEqual(['1']);
  expect(found('ticket=1&evil=1&lang=en')).toEqual(['0']);
  expect(found('ticket=1&Lang=en')).toEqual(['0']);
  expect(found('ticket=1&ticket=2')).toEqual(['']);
  const more = `SecAction "id:9,phase:1,pass,nolog,setvar:'tx.sign-in-plugin_more=/evil/'"\n`;
  expect(found('ticket=1&evil=1', more)).toEqual(['1']);
});

describe('copies of arguments, decoded', () => {
  const text = `
    SecRule ARGS "!@streq %{ARGS}" "id:1,phase:2,pass,nolog,t:none,t:hexDecode,setvar:'tx.once_hex_%{MATCHED_VAR_NAME}=%{MATCHED_VAR}'"
    SecRule TX:/^once_/ "!@streq %{MATCHED_VAR_NAME}" "id:2,phase:2,pass,nolog,t:none,t:base64Decode,setvar:'tx.twice_%{MATCHED_VAR_NAME}=%{MATCHED_VAR}'"
    SecRule ARGS "@contains evil" "id:50,phase:2,pass,log"
    SecRule ARGS "@contains evil" "id:51,phase:2,pass,log,chain"
      SecRule MATCHED_VAR "@contains evil" "t:none"
    SecRuleUpdateTargetById 50-51 TX:/^(?:once|twice)_/
    SecRuleUpdateTargetById 51 !TX:/^twice_/
    SecRuleUpdateTargetById 5000 TX:/^once_/`;
  const hex = (value: string): string => Buffer.from(value).toString('hex');

  test('are looked at by the rules that got them as targets', () => {
    expect(lines(text, form(`A=${hex('evil')}`))).toEqual(['50 TX:once_hex_args:a', '51 TX:once_hex_args:a']);
    expect(lines(text, form('A=x'))).toEqual([]);
  });

  test('can be copied again, and be left out again', () => {
    const twice = hex(Buffer.from('evil').toString('base64'));
    expect(lines(text, form(`A=${twice}`))).toEqual(['50 TX:twice_tx:once_hex_args:a']);
  });
});

describe('the parts of a header', () => {
  const text = `
    SecRule REQUEST_HEADERS:Link "@rx ^([a-z]+)://([^/:]+)(?::([^/]+))?" "id:1,phase:1,pass,nolog,capture,setvar:'tx.link-plugin_host=%{tx.2}',setvar:'tx.link-plugin_port=%{tx.3}',chain"
      SecRule TX:link-plugin_host "@unconditionalMatch" "t:none,t:uppercase,setvar:'tx.link-plugin_big=%{MATCHED_VAR}'"
    SecRule TX:link-plugin_port "@rx ^$" "id:2,phase:1,pass,nolog,skipAfter:END-LINK-PORT"
    SecRule TX:link-plugin_port "@gt 65535" "id:3,phase:1,pass,log"
    SecRule TX:link-plugin_port "!@rx ^[0-9]+$" "id:4,phase:1,pass,log"
    SecMarker "END-LINK-PORT"
    SecRule TX:link-plugin_host "@gt 9" "id:5,phase:1,pass,log,t:none,t:length"
    SecRule TX:link-plugin_big "@streq A.EXAMPLE" "id:6,phase:1,pass,log"`;
  const sent = (link: string): Sent => ({ headers: ['host', 'a.example', 'link', link] });

  test('are kept for later rules, and what is not there is empty', () => {
    expect(lines(text, sent('https://a.example/x'))).toEqual(['6 TX:link-plugin_big']);
    expect(lines(text, sent('https://long.example:99999/x'))).toEqual([
      '3 TX:link-plugin_port',
      '5 TX:link-plugin_host',
    ]);
    expect(lines(text, sent('https://b:x/'))).toEqual(['4 TX:link-plugin_port']);
    expect(lines(text, sent('/x'))).toEqual([]);
  });
});

describe('requests counted by client', () => {
  const text = `
    SecAction "id:1,phase:1,pass,nolog,initcol:ip=%{REMOTE_ADDR},setvar:'tx.static=/.css/ /.png/',setvar:tx.most=2,setvar:tx.pause=30"
    SecRule IP:STOPPED "@eq 1" "id:10,phase:1,drop,log,msg:'%{tx.stopped_times} stopped',chain"
      SecRule &IP:STOP_TOLD "@eq 0" "setvar:'ip.stopped_times=+1',setvar:'ip.stop_told=1',setvar:'tx.stopped_times=%{ip.stopped_times}',setvar:'ip.stopped_times=0',expirevar:'ip.stop_told=5'"
    SecRule IP:STOPPED "@eq 1" "id:11,phase:1,drop,nolog,setvar:'ip.stopped_times=+1'"
    SecRule IP:STOPPED "@eq 1" "id:20,phase:5,pass,nolog,skipAfter:END-COUNT"
    SecRule REQUEST_BASENAME "@rx .*?(\\.[a-z0-9]{1,10})?$" "id:21,phase:5,pass,nolog,capture,t:none,t:lowercase,setvar:'tx.kind=/%{TX.1}/',chain"
      SecRule TX:KIND "!@within %{tx.static}" "setvar:'ip.requests=+1'"
    SecRule IP:REQUESTS "@ge %{tx.most}" "id:22,phase:5,pass,nolog,setvar:'!ip.requests',setvar:'ip.stopped=1',expirevar:'ip.stopped=%{tx.pause}'"
    SecMarker "END-COUNT"`;

  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => void vi.useRealTimers());

  test('are dropped behind the bound, told of once in a while, and let in again', () => {
    const engine = rules(text);
    const send = (target: string, clientAddress = '192.0.2.7'): string => {
      const { intervention, findings } = exchange(engine.begin(), { target, clientAddress });
      return [done(intervention), ...findings.map(({ msg }) => msg)].join(' ');
    };
    expect(['/a', '/s.CSS', '/i.png', '/a', '/a', '/a', '/a.css'].map((target) => send(target))).toEqual([
      'none',
      'none',
      'none',
      'none',
      'drop 403 10 1 stopped',
      'drop 403 11',
      'drop 403 11',
    ]);
    expect(send('/a', '192.0.2.8')).toBe('none');
    vi.advanceTimersByTime(6_000);
    expect(send('/a')).toBe('drop 403 10 3 stopped');
    vi.advanceTimersByTime(25_000);
    expect(send('/a')).toBe('none');
  });
});
