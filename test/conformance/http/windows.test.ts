// What a client says of itself is kept to, frame by frame: windows of streams as they change (RFC 9113, 6.9), settings that are
// acknowledged (6.5.3), streams beyond their number (5.1.2), frames on streams that are over (5.1).
import { expect, onTestFinished, test } from 'vitest';
import { startBackend } from '../../support/backend.ts';
import {
  ACK,
  asking,
  CONTINUATION,
  DATA,
  END_HEADERS,
  END_STREAM,
  FrameClient,
  fieldBlock,
  frame,
  HEADERS,
  SETTINGS,
  setting,
  uint32,
  WINDOW_UPDATE,
} from '../../support/frames.ts';
import { startGateway } from '../../support/world.ts';

const GET = fieldBlock(asking());
const get = (id: number): Buffer => frame(HEADERS, END_HEADERS | END_STREAM, id, GET);

async function open(settings?: Buffer, more = ''): Promise<FrameClient> {
  const backend = await startBackend();
  const world = await startGateway(`${more}\nsites: { localhost: { to: "${backend.url}" } }`);
  const client = await FrameClient.open(world, settings);
  onTestFinished(() => client.close());
  return client;
}

function sizes(client: FrameClient): number[] {
  return client.frames.filter(({ type }) => type === DATA).map(({ payload }) => payload.length);
}

const acknowledged = ({ frames }: FrameClient): number =>
  frames.filter(({ type, flags }) => type === SETTINGS && (flags & ACK) !== 0).length;

test('settings are acknowledged, each', async () => {
  const client = await open();
  client.send(frame(SETTINGS, 0, 0, setting(3, 10)), frame(SETTINGS, 0, 0));
  await client.until(() => acknowledged(client) === 3);
  expect(await client.ping()).toBe(true);
});

test('of a setting that is said twice the last counts', async () => {
  const client = await open(Buffer.concat([setting(4, 100), setting(4, 1)]));
  client.send(get(1));
  await client.until(() => sizes(client).length > 0);
  await client.ping();
  expect(sizes(client)).toEqual([1]);
});

test('an answer goes no further than its window, and on as that opens', async () => {
  const client = await open(setting(4, 0));
  client.send(get(1));
  await client.until(() => client.status(1) === 200);
  await client.ping(1);
  expect(sizes(client)).toEqual([]);
  client.send(frame(SETTINGS, 0, 0, setting(4, 2)));
  await client.until(() => sizes(client).length > 0);
  await client.ping(2);
  expect(sizes(client)).toEqual([2]);
  // Now it is below zero: what it opens by is counted from there (6.9.2).
  client.send(frame(SETTINGS, 0, 0, setting(4, 0)), frame(WINDOW_UPDATE, 0, 1, uint32(2)));
  await client.ping(3);
  expect(sizes(client)).toEqual([2]);
  client.send(frame(WINDOW_UPDATE, 0, 1, uint32(1)));
  await client.until(() => sizes(client).length > 1);
  client.send(frame(WINDOW_UPDATE, 0, 1, uint32(100)));
  await client.ended(1);
  expect(sizes(client).reduce((sum, size) => sum + size)).toBe(5);
  expect(sizes(client)[1]).toBe(1);
});

test('a stream beyond their number is not answered', async () => {
  const client = await open(undefined, 'requestLimits: { streams: 2 }');
  await client.until(() => acknowledged(client) > 0);
  client.send(frame(SETTINGS, ACK, 0));
  const post = fieldBlock(asking('POST'));
  client.send(...[1, 3, 5].map((id) => frame(HEADERS, END_HEADERS, id, post)));
  await client.ended(5);
  // nghttp2 has it as an error of the connection (PROTOCOL_ERROR), once its settings were acknowledged.
  expect([7, 1]).toContain(client.resetCode(5) ?? client.goAway);
  expect(client.status(5)).toBeUndefined();
});

test.for([
  ['DATA', frame(DATA, END_STREAM, 1, Buffer.from('x')), 'ignored'],
  ['HEADERS', get(1), 'ignored'],
  ['CONTINUATION', frame(CONTINUATION, END_HEADERS, 1, GET), 'ends the connection'],
] as const)('%s on a stream that is over reaches nobody', async ([, bytes, outcome]) => {
  const client = await open();
  client.send(get(1));
  await client.ended(1);
  client.send(bytes);
  const isAlive = await client.ping();
  if (outcome !== 'ignored') expect(isAlive).toBe(false);
  expect(client.frames.filter(({ type, stream }) => type === HEADERS && stream === 1)).toHaveLength(1);
});
