import { expect, test } from 'vitest';
import { configOf, messagesOf, someSite } from '../reading.ts';

const sharedOf = (written: string, env = {}) => configOf(`shared: ${written}\n${someSite}`, env).shared;

const plain = {
  server: { host: '10.0.0.9', port: 6379 },
  sentinels: [],
  master: 'mymaster',
  database: 0,
  username: undefined,
  password: undefined,
  sentinelPassword: undefined,
  tls: undefined,
  timeoutMs: 50,
  prefix: 'gatehouse',
};

test.for([
  ['redis://10.0.0.9', {}],
  ['{ url: "redis://10.0.0.9" }', {}],
  ['redis://10.0.0.9:7000/3', { server: { host: '10.0.0.9', port: 7000 }, database: 3 }],
  ['rediss://ann:p%40ss@10.0.0.9', { username: 'ann', password: 'p@ss', tls: { ca: undefined } }],
  ['"redis://[2001:db8::9]:1"', { server: { host: '2001:db8::9', port: 1 } }],
  [
    '{ url: "redis://10.0.0.9", password: "${P}", timeout: 20ms, prefix: "gh:a", database: 2 }',
    { password: 'a:/?#@', timeoutMs: 20, prefix: 'gh:a', database: 2 },
  ],
  [
    '{ sentinels: [10.0.0.1:26379, "[::1]:2"], master: m, tls: true }',
    {
      server: undefined,
      sentinels: [
        { host: '10.0.0.1', port: 26379 },
        { host: '::1', port: 2 },
      ],
      master: 'm',
      tls: { ca: undefined },
    },
  ],
] as const)('%s', ([written, changes]) => {
  expect(sharedOf(written, { P: 'a:/?#@' })).toEqual({ ...plain, ...changes });
});

test.for(['null', 'false', 'off'])('%s: nothing is shared', (written) => {
  expect(sharedOf(written)).toBeUndefined();
});

test.for([
  ['{ password: x }', /it is not said where it is/],
  ['{ url: "redis://a", sentinels: ["b:1"] }', /the sentinels say where it is/],
  ['{ sentinels: [a] }', /has no port/],
  ['redis://10.0.0.9/db', /the number of a database/],
  ['redis://:100%@10.0.0.9', /is written %25/],
  ['{ url: "redis://a", timeout: 1ms }', /too short/],
  ['{ url: "redis://a", prefix: "a b" }', /is not a word/],
  ['{ url: "redis://a", ca: nowhere.pem }', undefined],
  ['{ url: "rediss://a", ca: nowhere.pem }', /cannot be read/],
] as const)('%s', ([written, message]) => {
  const messages = messagesOf(`shared: ${written}\n${someSite}`);
  expect(messages).toEqual(message === undefined ? [] : [expect.stringMatching(message)]);
});
