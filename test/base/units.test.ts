import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { formatDuration, formatSize, parseDuration, parsePercent, parseRate, parseSize } from '../../src/base/units.ts';

describe('durations', () => {
  test.for([
    ['250ms', 250],
    ['10s', 10_000],
    ['5m', 300_000],
    ['2h', 7_200_000],
    ['7d', 604_800_000],
    ['1h30m', 5_400_000],
    ['1d2h3m4s5ms', 93_784_005],
    ['1.5h', 5_400_000],
    ['0.25s', 250],
    ['0s', 0],
    ['0', 0],
  ] as const)('%s is %d ms', ([text, ms]) => {
    expect(parseDuration(text)).toBe(ms);
  });

  test.for([
    '',
    '10',
    '10 s',
    '10 parsecs',
    's',
    '-1s',
    '1e3s',
    '30m1h',
    '1h1h',
    '10S',
    '1.5ms',
    '.5s',
    '1.s',
    '999999999999999d',
  ])('"%s" is none', (text) => {
    expect(parseDuration(text)).toBeUndefined();
  });

  test('what is written is read back as the same number', () => {
    fc.assert(fc.property(fc.integer({ min: 0, max: 10 ** 14 }), (ms) => parseDuration(formatDuration(ms)) === ms));
  });

  test('any text gives a whole number of at least 0, or undefined', () => {
    const nearly = fc.stringMatching(/^[0-9.]{0,20}(ms|[smhd])?[0-9.]{0,5}(ms|[smhd])?$/);
    fc.assert(
      fc.property(fc.oneof(fc.string(), nearly), (text) => {
        const ms = parseDuration(text);
        return ms === undefined || (Number.isSafeInteger(ms) && ms >= 0);
      }),
    );
  });
});

describe('sizes', () => {
  test.for([
    ['512B', 512],
    ['16KiB', 16_384],
    ['10MiB', 10_485_760],
    ['1GiB', 1_073_741_824],
    ['2TiB', 2_199_023_255_552],
    ['1KB', 1000],
    ['10MB', 10_000_000],
    ['1GB', 1_000_000_000],
    ['1.5KiB', 1536],
    ['0B', 0],
    ['1024', 1024],
  ] as const)('%s is %d bytes', ([text, bytes]) => {
    expect(parseSize(text)).toBe(bytes);
  });

  test.for(['', '1.5', '10 MiB', '10M', '10mib', '10kB', 'MiB', '-1B', '1.5B', '1e3B', '99999999999999TiB'])(
    '"%s" is none',
    (text) => {
      expect(parseSize(text)).toBeUndefined();
    },
  );

  test('what is written is read back as the same number', () => {
    fc.assert(fc.property(fc.maxSafeNat(), (bytes) => parseSize(formatSize(bytes)) === bytes));
  });

  test('the largest unit that divides evenly is written', () => {
    expect([0, 1, 1000, 1024, 16_384, 2 ** 40].map(formatSize)).toEqual(['0B', '1B', '1KB', '1KiB', '16KiB', '1TiB']);
  });
});

test.for([
  ['20%', 0.2],
  ['0%', 0],
  ['100%', 1],
  ['0.5%', 0.005],
  ['101%', undefined],
  ['100.1%', undefined],
  ['20', undefined],
  ['-1%', undefined],
  ['%', undefined],
] as const)('%s is the fraction %s', ([text, fraction]) => {
  expect(parsePercent(text)).toBe(fraction);
});

test.for([
  ['5/min', { count: 5, periodMs: 60_000 }],
  ['100/s', { count: 100, periodMs: 1000 }],
  ['7/hour', { count: 7, periodMs: 3_600_000 }],
  ['1/d', { count: 1, periodMs: 86_400_000 }],
  ['0/s', undefined],
  ['5', undefined],
  ['5/fortnight', undefined],
  ['1.5/s', undefined],
] as const)('%s is the rate %o', ([text, rate]) => {
  expect(parseRate(text)).toEqual(rate);
});
