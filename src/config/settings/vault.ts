import { clusterUrls } from '../leafnodes/urls.ts'
import { boolean } from '../types/boolean.ts'
import { integer } from '../types/integer.ts'
import { path } from '../types/text.ts'
import { clientSettings } from './clients.ts'
import { databaseSettings } from './database.ts'
import { fileSettings } from './files.ts'
import { iconSettings } from './icons.ts'
import { jobSettings } from './jobs.ts'
import { mailSettings } from './mail.ts'
import { placeSettings } from './place.ts'
import { optional, setting } from './setting.ts'
import { signUpSettings } from './sign-up.ts'
import { twoFactorSettings } from './two-factor.ts'

export const vaultSettings = {
  ...placeSettings,
  ...databaseSettings,
  rsaKeyFilename: optional({
    key: 'vault.rsa_key_filename',
    variable: 'RSA_KEY_FILENAME',
    type: path('path without `.pem`'),
    defaultText: '`<data_folder>/rsa_key`',
    help: 'Key that signs the tokens of sessions. `.pem` is added; the file is made when it is missing.',
  }),
  ...signUpSettings,
  passwordIterations: setting({
    key: 'vault.password_iterations',
    variable: 'PASSWORD_ITERATIONS',
    type: integer({ min: 100_000, max: 2 ** 31 - 1 }),
    default: 600_000,
    help: 'Rounds of PBKDF2 with which the server hashes the password hash that clients send.',
  }),
  loginRatelimitSeconds: setting({
    key: 'vault.login_ratelimit_seconds',
    variable: 'LOGIN_RATELIMIT_SECONDS',
    type: integer({ min: 1, max: 86_400, unit: 'seconds' }),
    default: 60,
    help: 'Average time between two login attempts from one address, once the burst is used up.',
  }),
  loginRatelimitMaxBurst: setting({
    key: 'vault.login_ratelimit_max_burst',
    variable: 'LOGIN_RATELIMIT_MAX_BURST',
    type: integer({ min: 1, max: 1_000_000 }),
    default: 10,
    help: 'Login attempts that one address may make at once.',
  }),
  unauthenticatedRatelimitSeconds: setting({
    key: 'vault.unauthenticated_ratelimit_seconds',
    variable: 'UNAUTHENTICATED_RATELIMIT_SECONDS',
    type: integer({ min: 1, max: 86_400, unit: 'seconds' }),
    default: 60,
    help: 'Average time between two registrations from one address, once the burst is used up.',
  }),
  unauthenticatedRatelimitMaxBurst: setting({
    key: 'vault.unauthenticated_ratelimit_max_burst',
    variable: 'UNAUTHENTICATED_RATELIMIT_MAX_BURST',
    type: integer({ min: 1, max: 1_000_000 }),
    default: 50,
    help: 'Registrations that one address may begin at once.',
  }),
  increaseNoteSizeLimit: setting({
    key: 'vault.increase_note_size_limit',
    variable: 'INCREASE_NOTE_SIZE_LIMIT',
    type: boolean,
    default: false,
    help:
      'Whether the encrypted note of an item may have 100000 characters instead of 10000. Exports with such notes ' +
      'cannot be imported by servers of Bitwarden itself.',
  }),
  ...twoFactorSettings,
  ...fileSettings,
  ...iconSettings,
  ...mailSettings,
  ...clientSettings,
  ...jobSettings,
  clusterUrl: optional({
    key: 'vault.cluster_url',
    variable: 'BELFRY_CLUSTER_URL',
    type: { ...clusterUrls, isSecret: true },
    defaultText: 'none: this is the only instance',
    help: "The leaf node ports of the NATS cluster that carries the vault's changes to the other instances.",
  }),
  clusterCredentials: optional({
    key: 'vault.cluster_credentials',
    variable: 'BELFRY_CLUSTER_CREDENTIALS',
    type: path('path of a `.creds` file'),
    defaultText: 'none',
    help: 'The user JWT and its seed by which this instance logs in there, instead of a user in `cluster_url`.',
  }),
  clusterAuthorities: optional({
    key: 'vault.cluster_authorities',
    variable: 'BELFRY_CLUSTER_AUTHORITIES',
    type: path('path of a PEM file'),
    defaultText: 'those of the system',
    help: 'Authorities that sign the certificates of these servers, where `cluster_url` is `tls` or `wss`.',
  }),
}
