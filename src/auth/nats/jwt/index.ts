export type * from './claims.ts'
export {
  type ClaimsOf,
  type Decoded,
  decodeGenericJwt,
  decodeJwt,
  type GenericClaims,
  MAX_JWT_LENGTH,
} from './decode.ts'
export { type DefinitionContext, definitionOf, limit } from './definition.ts'
export { encodeJwt, type WireClaims } from './encode.ts'
export { isAddressIn } from './networks.ts'
export { permissionsOf, withoutPublishing } from './permissions.ts'
export { type Problem, Problems } from './problems.ts'
export { isRevoked } from './revocations.ts'
export { hasNoRights, rightsFromTemplate } from './template.ts'
export { allowedUntilMs } from './times.ts'
export { isExpired, obstacleAmong, problemsOf } from './validate.ts'
export { checkImport, decodedActivation } from './validate-account.ts'
