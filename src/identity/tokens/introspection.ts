import { GatehouseError } from '../../kernel/index.ts';
import { claimsOf } from './access-token.ts';
import { needed } from './form.ts';
import type { Mint } from './mint.ts';
import type { Standing } from './standing.ts';

interface IntrospectionParts {
  readonly issuer: string;
  readonly audience: string;
  readonly mint: Mint;
  readonly standing: Standing;
}

/**
 * What a token says, if it counts now (RFC 7662, section 2.2). Of every other it tells that it is not
 * active and nothing more: not why, and not whether it ever was one.
 */
export async function introspected(
  { issuer, audience, mint, standing }: IntrospectionParts,
  form: ReadonlyMap<string, string>,
): Promise<object> {
  try {
    const token = await mint.verify(needed(form, 'token'));
    if (!(await standing.holds(token, token.issued))) return { active: false };
    const token_type = token.thumbprint === null ? 'Bearer' : 'DPoP';
    return { active: true, token_type, ...claimsOf(token, issuer, audience) };
  } catch (error) {
    if (error instanceof GatehouseError && error.code === 'unauthenticated') {
      return { active: false };
    }
    throw error;
  }
}
