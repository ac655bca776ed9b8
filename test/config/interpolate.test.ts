// biome-ignore-all lint/suspicious/noTemplateCurlyInString: references of the configuration file

import { mkdirSync, mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { interpolate } from '../../src/config/interpolate.ts';
import { parseConfig } from '../../src/config/load.ts';
import { configOf, messagesOf, placesOf, someSite } from './reading.ts';

const dir = mkdtempSync(path.join(tmpdir(), 'gatehouse-interpolate-'));
writeFileSync(path.join(dir, 'secret'), 'hunter2\r\n\n');
writeFileSync(path.join(dir, 'latin1'), new Uint8Array([0xe9]));
mkdirSync(path.join(dir, 'folder'));

function textOf(source: string, env: Record<string, string> = {}): string {
  const { text, faults } = interpolate(source, { env, baseDir: dir });
  expect(faults).toEqual([]);
  return text;
}

function faultsOf(source: string): string[] {
  return interpolate(source, { env: {}, baseDir: dir }).faults.map(({ code }) => code);
}

describe('references', () => {
  test.for([
    ['plain', 'plain'],
    ['${A}', 'one'],
    ['x${A}y${A}z', 'xoneyonez'],
    ['${EMPTY}', ''],
    ['${A:-two}', 'one'],
    ['${NO:-two}', 'two'],
    ['${NO:-}', ''],
    ['${EMPTY:-two}', 'two'],
    ['${NO:-${A}}', 'one'],
    ['${NO:-<${NO2:-deep}>}', '<deep>'],
    ['$${A}', '${A}'],
    ['$$${A}', '$${A}'],
    ['$A $ {A} $', '$A $ {A} $'],
    ['${file:secret}', 'hunter2'],
    [`\${file:${dir}/secret}!`, 'hunter2!'],
    ['${REF}', '${A}'],
  ] as const)('%s becomes %s', ([source, text]) => {
    expect(textOf(source, { A: 'one', EMPTY: '', REF: '${A}' })).toBe(text);
  });

  test.for([
    ['${NO}', ['unset-variable']],
    ['${NO} ${NO2}', ['unset-variable', 'unset-variable']],
    ['${NO:-${NO2}}', ['unset-variable']],
    ['${constructor}', ['unset-variable']],
    ['${', ['bad-reference']],
    ['${}', ['bad-reference']],
    ['${NO', ['bad-reference']],
    ['${NO:-', ['bad-reference']],
    ['${NO-x}', ['bad-reference']],
    ['${ NO }', ['bad-reference']],
    ['${1}', ['bad-reference']],
    ['${a.b}', ['bad-reference']],
    ['${file:}', ['bad-reference']],
    ['${file:missing}', ['unreadable-file']],
    ['${file:folder}', ['unreadable-file']],
    ['${file:latin1}', ['unreadable-file']],
    ['${file:/dev/zero}', ['unreadable-file']],
    [`${'${A:-'.repeat(20)}${'}'.repeat(20)}`, ['bad-reference']],
  ] as const)('%s is a fault', ([source, codes]) => {
    expect(faultsOf(source)).toEqual(codes);
  });

  test('a default that is not needed is not evaluated', () => {
    expect(textOf('${A:-${NO}${file:missing}}', { A: 'one' })).toBe('one');
  });

  test('texts without references stay as they are, and any text comes back or is a fault', () => {
    fc.assert(
      fc.property(
        fc.array(fc.constantFrom('${', '}', '$', '{', 'A', ':-', 'file:', 'x', '$$'), { maxLength: 12 }),
        (parts) => {
          const source = parts.join('');
          const { text, faults } = interpolate(source, { env: { A: 'a' }, baseDir: dir });
          if (!source.includes('${')) expect(text).toBe(source);
          if (faults.length === 0 && !source.includes('$${')) expect(text).not.toMatch(/\$\{A\}/);
        },
      ),
    );
  });
});

describe('in the file', () => {
  test('an unquoted reference is read as a scalar of YAML, a quoted one stays a text', () => {
    const config = configOf(
      `listen:
  https: \${PORT}
requestLimits:
  streams: \${STREAMS}
  connections: "\${STREAMS}0"
sites: { a.test: { to: "http://a" } }
`.replace('  connections: "${STREAMS}0"\n', ''),
      { PORT: '8443', STREAMS: '7' },
    );
    expect(config.listen.https).toEqual([{ host: undefined, port: 8443 }]);
    expect(config.requestLimits.streams).toBe(7);
    expect(placesOf(`requestLimits: { streams: "\${N}" }\n${someSite}`, { N: '7' })).toEqual(['1:27 bad-value']);
  });

  test('what comes in can never become structure', () => {
    const evil = 'x\nadmin: { http: 0.0.0.0:1 }\n- [a, b]: {} # "';
    const { sites, admin } = configOf(
      `sites:\n  a.test:\n    to: http://a\n    routes:\n      - match: { header: { x-a: "\${EVIL}" } }\n`,
      { EVIL: evil.replaceAll('\n', ' ') },
    );
    expect(sites[0]?.routes[0]?.match.header).toEqual(new Map([['x-a', evil.replaceAll('\n', ' ')]]));
    expect(admin.http?.port).toBe(9180);
    fc.assert(
      fc.property(fc.string(), (value) => {
        const text = 'logs:\n  access: ${V}\nsites: { a.test: { to: "http://a" } }\n';
        const { config, problems } = parseConfig(text, { env: { V: value }, baseDir: '/' });
        for (const problem of problems) expect(problem.line).toBe(2);
        if (config !== undefined) expect(config.sites).toHaveLength(1);
      }),
    );
  });

  test('keys and comments are left alone', () => {
    expect(messagesOf('# ${NO}\nsites: { "${NO}": { to: "http://a" } } # ${NO}\n')).toEqual([
      'sites: "${NO}" holds ${…}, which is not replaced in keys; write the host name itself',
    ]);
  });

  test('a part can be switched off from outside', () => {
    const text =
      'shared: ${REDIS:-}\nworkers: ${WORKERS:-0}\nlisten:\n  http: ${HTTP:-off}\nsites: { a.test: { to: "http://a", waf: "${WAF:-off}" } }\n';
    expect(configOf(text).listen.http).toEqual([]);
    expect(configOf(text).shared).toBeUndefined();
    expect(configOf(text).workers).toBe(0);
  });

  test('numbers that are meant as texts keep their form', () => {
    const { sites, certificates } = configOf(`certificates: { files: [{ pfx: a.pfx, passphrase: 0123 }] }
sites: { a.test: { to: "http://a", headers: { response: { set: { x-version: 1.10, x-xss-protection: 0, x-on: true } } } } }
`);
    expect(certificates.files[0]?.passphrase).toBe('0123');
    expect([...(sites[0]?.headers.response.set.values() ?? [])]).toEqual(['1.10', '0', 'true']);
  });
});
