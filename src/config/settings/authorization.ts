import { secondsOrDuration } from '../types/duration.ts'
import { secret } from '../types/secret.ts'
import { plainText } from '../types/text.ts'
import { optional } from './setting.ts'

/**
 * Who may come in by the listener of `block`, `''` or the name of a block with a dot behind it. In the config file most
 * of it stands in an `authorization {}` of its own.
 */
export function authorizationSettings(block: string, { of, warnAboveMs }: { of: string; warnAboveMs?: number }) {
  const inBlock = (key: string) => `${block}authorization.${key}`
  return {
    user: optional({
      key: inBlock('user'),
      aliases: [inBlock('username')],
      type: plainText('text'),
      defaultText: 'none',
      help: `The only user ${of}, who needs \`password\`.`,
    }),
    password: optional({
      key: inBlock('password'),
      aliases: [inBlock('pass')],
      type: secret('text'),
      defaultText: 'none',
      help: 'Password of `user`, or a hash of it: bcrypt, or argon2.',
    }),
    token: optional({
      key: inBlock('token'),
      type: secret('text'),
      defaultText: 'none',
      help: 'Who knows this text may come in. Instead of `user`. A hash as well.',
    }),
    authTimeoutMs: optional({
      key: inBlock('timeout'),
      type: secondsOrDuration(
        { minMs: 0, maxMs: 2 ** 31 - 1 },
        { what: 'authorization config', ...(warnAboveMs !== undefined && { warnAboveMs }) },
      ),
      defaultText: '2 seconds, or one more than a TLS handshake may take',
      help: 'How long a client may take to log in.',
    }),
    noAuthUser: optional({
      key: `${block}no_auth_user`,
      type: plainText('name or nkey of a user'),
      defaultText: 'none',
      help: 'Who clients without credentials are: one of the users.',
    }),
  }
}
