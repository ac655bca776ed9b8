import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { parseAlias, parseSiteName } from '../../../src/config/syntax/host-name.ts';

describe('names of sites', () => {
  test.for([
    ['app.example.com', 'app.example.com'],
    ['App.EXAMPLE.com', 'app.example.com'],
    ['app.example.com.', 'app.example.com'],
    ['*.example.com', '*.example.com'],
    ['*.Example.COM.', '*.example.com'],
    ['*.localhost', '*.localhost'],
    ['default', 'default'],
    ['localhost', 'localhost'],
    ['my_service', 'my_service'],
    ['bücher.example', 'xn--bcher-kva.example'],
    ['*.bücher.example', '*.xn--bcher-kva.example'],
    ['例え.テスト', 'xn--r8jz45g.xn--zckzah'],
    ['xn--bcher-kva.example', 'xn--bcher-kva.example'],
    ['1and1.com', '1and1.com'],
    ['10.0.0.5', '10.0.0.5'],
    ['[::1]', '[::1]'],
    ['[2001:DB8::0:1]', '[2001:db8::1]'],
  ] as const)('%s is %s', ([written, name]) => {
    expect(parseSiteName(written)).toEqual({ value: name });
  });

  test.for([
    ['', /not a host name/],
    ['*', /called default/],
    ['foo*.example.com', /whole left-most label/],
    ['a.*.example.com', /whole left-most label/],
    ['*.*.example.com', /whole left-most label/],
    ['*example.com', /whole left-most label/],
    ['*.10.0.0.5', /before an IP address/],
    ['*.', /not a host name/],
    ['https://app.example.com', /scheme/],
    ['app.example.com/path', /path/],
    ['app.example.com:443', /port/],
    ['app.example.com:', /port/],
    ['[::1]:443', /port/],
    ['user@app.example.com', /user name/],
    ['::1', /brackets/],
    ['[::g]', /IPv6/],
    ['[fe80::1%eth0]', /IPv6/],
    ['a b.example.com', /not a host name/],
    ['-a.example.com', /not a host name/],
    ['a..example.com', /not a host name/],
    ['.example.com', /not a host name/],
    ['example.com..', /not a host name/],
    [`${'a'.repeat(64)}.com`, /not a host name/],
    [`${'a.'.repeat(130)}com`, /not a host name/],
    ['1.2.3', /unusual spelling|not an IPv4/],
    ['300.1.1.1', /not a host name|not an IPv4/],
    ['0x7f.1', /unusual spelling/],
    ['127.1', /unusual spelling/],
    ['a%2eb', /not a host name/],
    ['a\u0000b', /not a host name/],
    ['a?b', /not a host name/],
  ] as const)('%j is refused', ([written, fault]) => {
    expect(parseSiteName(written)).toEqual({ fault: expect.stringMatching(fault) });
  });

  test('an alias is never default', () => {
    expect(parseAlias('default')).toEqual({ fault: expect.stringContaining('name a site default') });
  });

  test('a name that was read is read again as itself', () => {
    fc.assert(
      fc.property(fc.oneof(fc.domain(), fc.string(), fc.string({ unit: 'grapheme' }), fc.ipV4()), (text) => {
        const parsed = parseSiteName(text);
        if ('value' in parsed) expect(parseSiteName(parsed.value)).toEqual(parsed);
        else expect(parsed.fault).not.toBe('');
      }),
    );
  });
});
