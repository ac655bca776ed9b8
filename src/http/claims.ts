// Fields by which a proxy in front tells what only it knows. Who is no trusted proxy may not write them: somebody behind
// may believe it. Whoever keeps answers must know them too, since an answer may depend on them.
import { words } from './headers.ts';

/** What proxies call the client's address. */
export const ADDRESS_CLAIMS: ReadonlySet<string> = words(
  'x-forwarded-by forwarded-for client-ip x-client-ip x-cluster-client-ip true-client-ip x-true-client-ip ' +
    'cf-connecting-ip fastly-client-ip x-originating-ip x-remote-ip x-remote-addr x-original-for proxy-client-ip ' +
    'wl-proxy-client-ip x-proxyuser-ip x-original-forwarded-for x-envoy-external-address x-azure-clientip ' +
    'cf-connecting-ipv6 x-appengine-user-ip',
);

/** What they say of the host and the scheme that the client used. */
export const PLACE_CLAIMS: ReadonlySet<string> = words(
  'x-forwarded x-forwarded-server x-forwarded-scheme x-forwarded-protocol x-forwarded-ssl x-url-scheme ' +
    'front-end-https x-original-proto x-scheme',
);

/** Who the user is, as a proxy that signs people in says it; and their certificates. */
export const IDENTITY_CLAIMS: ReadonlySet<string> = words(
  'x-forwarded-user x-forwarded-email x-forwarded-groups x-forwarded-preferred-username x-forwarded-access-token ' +
    'remote-user x-remote-user x-remote-groups x-auth-request-user x-auth-request-email x-auth-request-groups ' +
    'x-forwarded-tls-client-cert x-forwarded-tls-client-cert-info ssl-client-cert ssl-client-verify ' +
    'ssl-client-s-dn x-ssl-client-cert x-ssl-client-verify x-ssl-client-dn x-arr-clientcert',
);
