import type { CaaRecord } from 'node:dns';
import { describe, expect, test } from 'vitest';
import { climb, judgeCaa } from '../../../src/cli/doctor/caa.ts';

const APPLICANT = { identities: ['ca.example'], account: 'https://ca.example/acct/1', types: ['http-01'] };

function level(records: readonly CaaRecord[], isWildcard = false, applicant = APPLICANT): string {
  return judgeCaa('example.com', records, isWildcard, applicant).level;
}

const issue = (value: string): CaaRecord => ({ critical: 0, issue: value });
const issuewild = (value: string): CaaRecord => ({ critical: 0, issuewild: value });

describe('CAA records, by RFC 8659', () => {
  test('are looked for at the name and each of its parents', () => {
    expect(climb('a.b.example.com')).toEqual(['a.b.example.com', 'b.example.com', 'example.com', 'com']);
  });

  test.for([
    ['the authority is named', [issue('ca.example')], 'ok'],
    ['it is one of several', [issue('other.example'), issue('CA.example ; a=b')], 'ok'],
    ['another is named', [issue('other.example')], 'fail'],
    ['nobody may', [issue(';')], 'fail'],
    ['only a mail address is there', [{ critical: 0, iodef: 'mailto:a@example.com' }], 'ok'],
    ['only wildcards are ruled', [issuewild('other.example')], 'ok'],
    ['a critical property is unknown', [{ critical: 128, tbs: 'x' } as CaaRecord, issue('ca.example')], 'fail'],
  ] as const)('where %s, a name gets %3$s', ([, records, expected]) => {
    expect(level(records)).toBe(expected);
  });

  test('issuewild rules wildcards alone where there is one', () => {
    expect(level([issue('ca.example'), issuewild('other.example')], true)).toBe('fail');
    expect(level([issue('other.example'), issuewild('ca.example')], true)).toBe('ok');
    expect(level([issue('ca.example')], true)).toBe('ok');
  });

  test('an authority that does not say who it is cannot be judged', () => {
    expect(level([issue('ca.example')], false, { ...APPLICANT, identities: [] })).toBe('warn');
  });

  test('accounts and challenges may be restricted (RFC 8657)', () => {
    expect(level([issue('ca.example; accounturi=https://ca.example/acct/1')])).toBe('ok');
    expect(level([issue('ca.example; accounturi=https://ca.example/acct/2')])).toBe('fail');
    expect(level([issue('ca.example; validationmethods=dns-01,http-01')])).toBe('ok');
    expect(level([issue('ca.example; validationmethods=dns-01')])).toBe('fail');
  });

  test('the advice is the record to add', () => {
    const { advice } = judgeCaa('example.com', [issue('other.example')], true, APPLICANT);
    expect(advice).toContain('example.com. CAA 0 issue "ca.example"');
  });
});
