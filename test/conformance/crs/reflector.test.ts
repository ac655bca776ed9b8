import { describe, expect, onTestFinished, test } from 'vitest';
import { startReflector } from './reflector.ts';

async function ask(
  path: string,
  body?: string | object,
): Promise<{ status: number; type: string | null; text: string; headers: Headers }> {
  const reflector = await startReflector();
  onTestFinished(() => reflector.close());
  const text = typeof body === 'object' ? JSON.stringify(body) : body;
  const response = await fetch(reflector.url + path, text === undefined ? {} : { method: 'POST', body: text });
  const { status, headers } = response;
  return { status, type: headers.get('content-type'), text: await response.text(), headers };
}

describe('the reflector answers', () => {
  test('200 without a body to everything', async () => {
    expect(await ask('/anything?x=1', 'some body')).toMatchObject({ status: 200, text: '' });
    expect(await ask('/reflect')).toMatchObject({ status: 200, text: '' });
  });

  test('what a POST to /reflect describes', async () => {
    const body = { status: 503, headers: { 'X-A': 'b', 'bad name': 'x', 'Content-Type': 'a/b' }, body: 'text' };
    const answer = await ask('/reflect', body);
    expect(answer).toMatchObject({ status: 503, type: 'a/b', text: 'text' });
    expect(answer.headers.get('x-a')).toBe('b');
  });

  test('a body given in base64', async () => {
    expect(await ask('/reflect', { encodedBody: Buffer.from('hi').toString('base64') })).toMatchObject({ text: 'hi' });
  });

  test('400 to what is no description', async () => {
    expect(await ask('/reflect', '{')).toMatchObject({ status: 400 });
    expect(await ask('/reflect', { status: 99 })).toMatchObject({ status: 400 });
  });

  test.for([
    ['plain text', 'text/plain; charset=utf-8'],
    [' \n<HTML><body>', 'text/html; charset=utf-8'],
    ['<!-- x', 'text/html; charset=utf-8'],
    ['<pre>', 'text/plain; charset=utf-8'],
    ['<?xml version="1.0"?>', 'text/xml; charset=utf-8'],
    ['<?php echo 1;', 'text/plain; charset=utf-8'],
    ['\u0001\u0002', 'application/octet-stream'],
  ] as const)('with a type for a body that has none: %j', async ([body, type]) => {
    expect((await ask('/reflect', { body })).type).toBe(type);
  });
});
