import { asymmetric } from '../token-refusal.ts';
import { grantTypes } from './grants.ts';

/** Where the endpoints are, below the issuer. */
export const paths = {
  token: '/oauth/token',
  introspect: '/oauth/introspect',
  revoke: '/oauth/revoke',
  jwks: '/oauth/jwks',
  metadata: '/.well-known/oauth-authorization-server',
} as const;

const idJagProfile = 'urn:ietf:params:oauth:grant-profile:id-jag';

/** What a client must know to ask for tokens (RFC 8414, section 2). */
export function metadata(issuer: string, idJag: boolean): object {
  const grants = Object.values(grantTypes).filter((one) => idJag || one !== grantTypes.jwtBearer);
  const methods = ['private_key_jwt'];
  return {
    issuer,
    token_endpoint: issuer + paths.token,
    introspection_endpoint: issuer + paths.introspect,
    revocation_endpoint: issuer + paths.revoke,
    jwks_uri: issuer + paths.jwks,
    scopes_supported: ['call_model', 'call_tool'],
    response_types_supported: [],
    grant_types_supported: grants,
    ...(idJag ? { authorization_grant_profiles_supported: [idJagProfile] } : {}),
    token_endpoint_auth_methods_supported: methods,
    token_endpoint_auth_signing_alg_values_supported: asymmetric,
    introspection_endpoint_auth_methods_supported: methods,
    introspection_endpoint_auth_signing_alg_values_supported: asymmetric,
    revocation_endpoint_auth_methods_supported: methods,
    revocation_endpoint_auth_signing_alg_values_supported: asymmetric,
    dpop_signing_alg_values_supported: asymmetric,
  };
}
