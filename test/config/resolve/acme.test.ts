// The part of the file about authorities: faults that would else only come to light when one is asked.
import { describe, expect, test } from 'vitest';
import { configOf, messagesOf, someSite } from '../reading.ts';

function acme(settings: string): string {
  return `certificates: { acme: { ${settings} } }\n${someSite}`;
}

describe('the MAC key of an external account', () => {
  test.for(['c2VjcmV0', 'c2VjcmV0LQ==', 'c2-j_mV0LQ'])('%s is one', (hmac) => {
    const config = configOf(acme(`eab: { keyId: k, hmac: "${hmac}" }`));
    expect(config.certificates.acme.issuers[0]?.eab).toEqual({ keyId: 'k', hmac });
  });

  test.for(['not base64!', 'c2VjcmV0\\nc2Vj', 'c2=VjcmV0', '='])('%j is none, and is not shown', (hmac) => {
    expect(messagesOf(acme(`eab: { keyId: k, hmac: "${hmac}" }`))).toEqual([
      'certificates.acme.eab.hmac: "***" is not a key in base64url, as the authority gave it',
    ]);
  });
});

describe('the e-mail address', () => {
  test.for(['ops@example.com', 'o.p+s@[192.0.2.1]', 'ops@bücher.example'])('%s is one', (email) => {
    expect(configOf(acme(`email: "${email}"`)).certificates.acme.issuers[0]?.email).toBe(email);
  });

  test.for(['x', 'a@b@c', 'a b@c', '@c', 'a@', 'mailto:a@b', 'a@b?to=c', 'a@b,c@d'])('%j is none', (email) => {
    expect(messagesOf(acme(`email: "${email}"`))).toEqual([
      `certificates.acme.email: ${JSON.stringify(email)} is not an e-mail address, like ops@example.com`,
    ]);
  });
});
