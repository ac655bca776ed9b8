// Which rule comes next, and what ends a phase, a request, an exchange.
import { describe, expect, test } from 'vitest';
import { exchange, lines, rules, verdict, written } from './support.ts';

const five = (phase: number, ...marks: string[]): string =>
  [1, 2, 3, 4, 5].map((id) => `SecAction "id:1${phase}${id},phase:${phase}"${marks[id] ?? ''}`).join('\n');

describe('skip and skipAfter', () => {
  test.for([
    [1, ['112', '113', '114', '115']],
    [2, ['113', '114', '115']],
    [9, []],
  ] as const)('skip:%i leaves out that many rules of its phase', ([count, left]) => {
    const text = `SecAction "id:1,phase:1,nolog,pass,skip:${count}"\nSecAction "id:2,phase:2"\n${five(1)}`;
    expect(lines(text)).toEqual([...left, '2']);
  });

  test('a marker does not count as a rule', () => {
    expect(lines(`SecAction "id:1,phase:1,nolog,pass,skip:1"\nSecMarker M\n${five(1)}`)).toEqual([
      '112',
      '113',
      '114',
      '115',
    ]);
  });

  test('a chain counts as one rule', () => {
    const chain = `SecAction "id:2,phase:1,chain"\nSecAction "chain"\nSecAction "t:none"`;
    expect(lines(`SecAction "id:1,phase:1,nolog,pass,skip:1"\n${chain}\nSecAction "id:3,phase:1"`)).toEqual(['3']);
  });

  test('a rule that ctl took away still counts', () => {
    const text = `SecRule ARGS "@rx 1" "id:1,phase:1,nolog,pass,ctl:ruleRemoveById=111,skip:2"\n${five(1)}`;
    expect(lines(text, { target: '/?a=1' })).toEqual(['113', '114', '115']);
  });

  test('skipAfter goes on behind the marker, or behind the rule of that id', () => {
    expect(lines(`SecAction "id:1,phase:1,nolog,pass,skipAfter:M"\n${five(1, '', '', '', '\nSecMarker M')}`)).toEqual([
      '114',
      '115',
    ]);
    expect(lines(`SecAction "id:1,phase:1,nolog,pass,skipAfter:114"\n${five(1)}`)).toEqual(['115']);
  });

  test('of several markers of one name the next one is meant', () => {
    const text = `SecMarker M\nSecAction "id:1,phase:1,nolog,pass,skipAfter:M"\n${five(1, '', '\nSecMarker M', '', '\nSecMarker M')}`;
    expect(lines(text)).toEqual(['112', '113', '114', '115']);
  });

  test('a jump ends with its phase', () => {
    const text = `SecAction "id:1,phase:1,nolog,pass,skipAfter:M"\n${five(1)}\n${five(2)}\nSecMarker M`;
    expect(lines(text)).toEqual(['121', '122', '123', '124', '125']);
  });

  test('only a match jumps, and of a chain only a whole one', () => {
    const text = `SecRule ARGS "@rx 1" "id:1,phase:1,nolog,pass,skipAfter:M,chain"\nSecRule ARGS "@rx 2"\nSecAction "id:2,phase:1"\nSecMarker M`;
    expect(lines(text, { target: '/?a=1' })).toEqual(['2']);
    expect(lines(text, { target: '/?a=12' })).toEqual([]);
  });
});

describe('disruption', () => {
  test.for([
    ['deny', 'deny 403 1'],
    ['deny,status:418', 'deny 418 1'],
    ['drop', 'drop 403 1'],
    ["redirect:'https://b.example/?from=%{REQUEST_URI}'", 'redirect 302 1 https://b.example/?from=/'],
    ["redirect:'/x',status:308", 'redirect 308 1 /x'],
    ["redirect:'/x',status:403", 'redirect 302 1 /x'],
    ['pass', 'none'],
    ['block', 'none'],
  ] as const)('%s', ([action, expected]) => {
    expect(verdict(`SecAction "id:1,phase:1,${action}"`)).toBe(expected);
  });

  test('what a client sent cannot break out of the location', () => {
    const text = `SecRule ARGS:a "@unconditionalMatch" "id:1,phase:1,redirect:'https://b.example/%{ARGS.a}'"`;
    expect(verdict(text, { target: '/?a=x%0d%0aset-cookie:%20a' })).toBe(
      'redirect 302 1 https://b.example/x%0D%0Aset-cookie:%20a',
    );
  });

  test('block is what SecDefaultAction says for the phase', () => {
    const text = `SecDefaultAction "phase:1,log,deny,status:406"\nSecDefaultAction "phase:2,log,drop"
      SecRule ARGS "@rx 1" "id:1,phase:1,block"\nSecRule ARGS "@rx 2" "id:2,phase:2,block"`;
    expect(verdict(text, { target: '/?a=1' })).toBe('deny 406 1');
    expect(verdict(text, { target: '/?a=2' })).toBe('drop 403 2');
  });

  test('an intervention ends everything but phase 5', () => {
    const text = `SecAction "id:1,phase:2,deny"\n${[1, 2, 3, 4, 5].map((phase) => `SecAction "id:1${phase},phase:${phase}"`).join('\n')}`;
    expect(lines(text)).toEqual(['11', '1', '15']);
  });

  test('the first one counts', () => {
    expect(verdict(`SecAction "id:1,phase:1,deny,status:401"\nSecAction "id:2,phase:1,deny,status:402"`)).toBe(
      'deny 401 1',
    );
  });

  test('behind the exchange nothing is disrupted', () => {
    const outcome = exchange(rules(`SecAction "id:1,phase:5,deny"\nSecAction "id:2,phase:5"`).begin());
    expect([written(outcome), outcome.intervention, outcome.suppressed]).toEqual([['1', '2'], undefined, undefined]);
  });
});

describe('allow', () => {
  const rest = [1, 2, 3, 4, 5].map((phase) => `SecAction "id:1${phase},phase:${phase}"`).join('\n');

  test.for([
    ['phase:1,allow', ['15']],
    ['phase:1,allow:phase', ['12', '13', '14', '15']],
    ['phase:1,allow:request', ['13', '14', '15']],
    ['phase:2,allow', ['11', '15']],
    ['phase:2,allow:phase', ['11', '13', '14', '15']],
    ['phase:2,allow:request', ['11', '13', '14', '15']],
    ['phase:3,allow', ['11', '12', '15']],
    ['phase:3,allow:request', ['11', '12', '14', '15']],
  ] as const)('%s', ([actions, left]) => {
    expect(lines(`SecAction "id:1,nolog,${actions}"\n${rest}`)).toEqual(left);
  });

  test('does nothing in detection mode', () => {
    const found = lines(`SecAction "id:1,phase:1,nolog,allow"\n${rest}`, {}, { mode: 'detectionOnly' });
    expect(found).toEqual(['11', '12', '13', '14', '15']);
  });
});

describe('the engine mode', () => {
  test('detection only decides and does nothing', () => {
    const text = `SecAction "id:1,phase:1,deny,status:418"\nSecAction "id:2,phase:1,deny"\nSecAction "id:3,phase:2"`;
    const { intervention, suppressed, ...outcome } = exchange(rules(text, { mode: 'detectionOnly' }).begin());
    expect(written({ intervention, suppressed, ...outcome })).toEqual(['1', '2', '3']);
    expect([intervention, suppressed?.status, suppressed?.rule.id]).toEqual([undefined, 418, 1]);
  });

  test('ctl:ruleEngine=DetectionOnly disarms what follows', () => {
    const text = `SecRule ARGS "@rx 1" "id:1,phase:1,nolog,pass,ctl:ruleEngine=DetectionOnly"\nSecAction "id:2,phase:2,deny"`;
    expect(verdict(text, { target: '/?a=1' })).toBe('none');
    expect(verdict(text, { target: '/?a=2' })).toBe('deny 403 2');
  });

  test('ctl:ruleEngine=Off disarms the rest of the phase and leaves out the phases behind it', () => {
    const text = `SecAction "id:1,phase:1,nolog,pass,ctl:ruleEngine=Off"\nSecAction "id:2,phase:1,deny"
      SecAction "id:3,phase:2,deny"\nSecAction "id:4,phase:5"`;
    expect(lines(text)).toEqual(['2']);
    expect(verdict(text)).toBe('none');
  });

  test('ctl:ruleEngine=On makes nothing stricter than its operator said', () => {
    const text = `SecAction "id:1,phase:1,nolog,pass,ctl:ruleEngine=On"\nSecAction "id:2,phase:1,deny"`;
    expect(verdict(text, {}, { mode: 'detectionOnly' })).toBe('none');
  });

  test('an engine that is off wants no bodies', () => {
    const inspection = rules(`SecAction "id:1,phase:1,nolog,pass,ctl:ruleEngine=Off"`).begin();
    expect(inspection.wantsRequestBody).toBe(true);
    exchange(inspection);
    expect([inspection.wantsRequestBody, inspection.wantsResponseBody]).toEqual([false, false]);
  });
});

describe('lines', () => {
  test.for([
    ['log', ['1']],
    ['nolog', []],
    ['noauditlog', ['1']],
    ['auditlog', ['1']],
    ['nolog,auditlog', []],
    ['log,noauditlog', ['1']],
    ['nolog,log', ['1']],
  ] as const)('with %s', ([actions, expected]) => {
    expect(lines(`SecAction "id:1,phase:1,pass,${actions}"`)).toEqual(expected);
  });

  test('come in the order of phases, then of the files', () => {
    const text = [5, 4, 3, 2, 1, 1].map((phase, i) => `SecAction "id:${i + 1},phase:${phase}"`).join('\n');
    expect(lines(text)).toEqual(['5', '6', '4', '3', '2', '1']);
  });

  test('ctl:auditEngine=Off is in the outcome', () => {
    expect(exchange(rules(`SecAction "id:1,phase:1"`).begin()).auditLog).toBe(true);
    expect(exchange(rules(`SecAction "id:1,phase:1,ctl:auditEngine=Off"`).begin()).auditLog).toBe(false);
  });
});
