import { describe, expect, test } from 'vitest';
import { configOf, messagesOf, placesOf, someSite } from '../reading.ts';

test('addresses are read from lists, single texts and bare ports', () => {
  const { listen, admin } = configOf(
    `listen: { https: [":8443", 9443, "[::1]:7443"], http: 8080 }\nadmin: { http: localhost:9000 }\n${someSite}`,
  );
  expect(listen).toEqual({
    https: [
      { host: undefined, port: 8443 },
      { host: undefined, port: 9443 },
      { host: '::1', port: 7443 },
    ],
    http: [{ host: undefined, port: 8080 }],
    proxyProtocol: [],
  });
  expect(admin.http).toEqual({ host: 'localhost', port: 9000 });
});

test.for(['false', 'null', 'off', '[]', '"false"', ''])('http and the admin address are off by %j', (off) => {
  const config = configOf(`listen: { http: ${off} }\nadmin: { http: ${off}, socket: ${off} }\n${someSite}`);
  expect(config.listen.http).toEqual([]);
  expect(config.admin).toEqual({ socket: undefined, http: undefined });
});

test('port 0 is any free port, as often as wanted', () => {
  const { listen, admin } = configOf(
    `listen: { https: [0, ":0"], http: 0 }\nadmin: { http: 127.0.0.1:0 }\n${someSite}`,
  );
  expect([...listen.https, ...listen.http, admin.http].map((address) => address?.port)).toEqual([0, 0, 0, 0]);
});

test.for(['false', 'null', '', 'off', '[]'])('https cannot be off by %j', (off) => {
  expect(messagesOf(`listen: { https: ${off} }\n${someSite}`)).toHaveLength(1);
});

describe('one address has one listener', () => {
  test.for([
    ['listen: { https: [":443", ":443"] }', ['1:27']],
    ['listen: { https: ["127.0.0.1:443", ":443"] }', ['1:36']],
    ['listen: { https: ":443", http: ":443" }', ['1:32']],
    ['listen: { https: ":443", http: "0.0.0.0:443" }', ['1:32']],
    ['listen: { https: ["0.0.0.0:443", "[::]:443"] }', ['1:34']],
    ['listen: { https: ":80" }', ['1:18']],
    ['listen: { https: ":9180" }', ['1:18']],
    ['listen: { https: 443 }\nadmin: { http: ":443" }', ['2:16']],
    ['listen: { https: ":1", http: [":1", ":1"] }', ['1:31', '1:37']],
    ['listen: { https: ":80", http: false }', []],
    ['listen: { https: ["127.0.0.1:443", "127.0.0.2:443", "[::1]:443"] }', []],
  ] as const)('%s', ([text, places]) => {
    expect(placesOf(`${text}\n${someSite}`)).toEqual(places.map((place) => `${place} duplicate-address`));
  });

  test('an address that takes every other is said to', () => {
    expect(messagesOf(`listen: { https: ":443", http: "127.0.0.1:443" }\n${someSite}`)).toEqual([
      'listen.http: "127.0.0.1:443" is already taken by listen.https, which takes every address of the machine',
    ]);
  });

  test('a default in the way is named', () => {
    expect(messagesOf(`listen: { https: ":80" }\n${someSite}`)).toEqual([
      'listen.https: ":80" is already taken by listen.http, whose default is :80',
    ]);
  });
});
