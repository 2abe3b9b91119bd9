export { createVaultApp } from './app.ts'
export { type CreateAccountOptions, createAccount } from './client/create-account.ts'
export { decrypt, encrypt, type SymmetricKey, symmetricKey } from './client/enc-string.ts'
export {
  DEFAULT_KDF,
  deriveMasterKey,
  deriveMasterPasswordHash,
  makeKeys,
  type NewKeys,
  stretchMasterKey,
} from './client/keys.ts'
export { type Fetch, Refused, reasonOf } from './client/post.ts'
export { ClientSession } from './client/session.ts'
export type { VaultContext, VaultSurroundings, WebPushAnnouncement } from './context.ts'
export { type VaultFiles, vaultFiles } from './files/folders.ts'
export { MAX_UPLOAD_BYTES } from './files/multipart.ts'
export { COMMON_HEADERS } from './headers.ts'
export { type JobRun, type JobSettings, startJobs } from './jobs/index.ts'
export { createMailer, type LetterName, type Letters, type Mailer, type MailTools } from './mail/index.ts'
export { RateLimiter } from './rate-limit.ts'
export type * from './settings.ts'
export { mailedAddress } from './settings.ts'
