import { boolean } from '../types/boolean.ts'
import { integer } from '../types/integer.ts'
import { secret } from '../types/secret.ts'
import { httpsUrl, plainText } from '../types/text.ts'
import { optional, setting } from './setting.ts'

/** Two-step login; a part of the settings of the vault. */
export const twoFactorSettings = {
  disable2faRemember: setting({
    key: 'vault.disable_2fa_remember',
    variable: 'DISABLE_2FA_REMEMBER',
    type: boolean,
    default: false,
    help: 'Whether every login needs its second factor, also from devices that asked to be remembered.',
  }),
  authenticatorDisableTimeDrift: setting({
    key: 'vault.authenticator_disable_time_drift',
    variable: 'AUTHENTICATOR_DISABLE_TIME_DRIFT',
    type: boolean,
    default: false,
    help: 'Whether the code of an authenticator app must be that of this moment, and not that of 30 seconds before or after.',
  }),
  incomplete2faTimeLimit: setting({
    key: 'vault.incomplete_2fa_time_limit',
    variable: 'INCOMPLETE_2FA_TIME_LIMIT',
    type: integer({ min: 0, max: 525_600, unit: 'minutes' }),
    default: 3,
    help: 'When a login had the right password but no second factor for so long, its user is told by mail. 0: never.',
  }),
  enableEmail2fa: optional({
    key: 'vault.enable_email_2fa',
    variable: '_ENABLE_EMAIL_2FA',
    type: boolean,
    defaultText: '`true` where mail is sent',
    help: 'Whether the second factor may be a code that is sent by mail.',
  }),
  emailTokenSize: setting({
    key: 'vault.email_token_size',
    variable: 'EMAIL_TOKEN_SIZE',
    type: integer({ min: 6, max: 255, unit: 'digits' }),
    default: 6,
    help: 'Length of the codes that are sent by mail.',
  }),
  emailExpirationTime: setting({
    key: 'vault.email_expiration_time',
    variable: 'EMAIL_EXPIRATION_TIME',
    type: integer({ min: 1, max: 86_400, unit: 'seconds' }),
    default: 600,
    help: 'How long such a code is good.',
  }),
  emailAttemptsLimit: setting({
    key: 'vault.email_attempts_limit',
    variable: 'EMAIL_ATTEMPTS_LIMIT',
    type: integer({ min: 1, max: 100 }),
    default: 3,
    help: 'How often a wrong one may be tried before it takes another mail.',
  }),
  enableYubico: setting({
    key: 'vault.enable_yubico',
    variable: '_ENABLE_YUBICO',
    type: boolean,
    default: true,
    help: 'Whether the one-time codes of YubiKeys may be a second factor. It also takes `yubico_client_id`.',
  }),
  yubicoClientId: optional({
    key: 'vault.yubico_client_id',
    variable: 'YUBICO_CLIENT_ID',
    type: plainText('text'),
    defaultText: 'none',
    help: "Who asks Yubico's service about codes. `yubico_secret_key` must be set as well.",
  }),
  yubicoSecretKey: optional({
    key: 'vault.yubico_secret_key',
    variable: 'YUBICO_SECRET_KEY',
    type: secret('key in Base64'),
    defaultText: 'none',
    help: 'Key that signs these questions.',
  }),
  yubicoServer: optional({
    key: 'vault.yubico_server',
    variable: 'YUBICO_SERVER',
    type: httpsUrl,
    defaultText: "Yubico's own",
    help: 'Another service that is asked: the whole URL.',
  }),
}
