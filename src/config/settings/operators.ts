import { pinnedAccounts, trustedKeys } from '../authorization/keys.ts'
import { operators } from '../authorization/operators.ts'
import { preload } from '../authorization/preload.ts'
import { resolver } from '../authorization/resolver.ts'
import { resolverTls } from '../authorization/resolver-tls.ts'
import { secret } from '../types/secret.ts'
import { optional, setting } from './setting.ts'

/** Users and accounts that prove themselves by JWTs. */
export const operatorSettings = {
  operators: optional({
    key: 'operator',
    aliases: ['operators', 'root', 'roots', 'root_operator', 'root_operators'],
    type: operators,
    defaultText: 'none',
    help: 'Who signs the JWTs of accounts: clients then need JWTs of users, whose accounts the `resolver` knows.',
  }),
  trustedKeys: setting<readonly string[]>({
    key: 'trusted_keys',
    aliases: ['trusted'],
    type: trustedKeys,
    default: [],
    help: 'Keys of such operators, where their JWT is not at hand. Not together with `operator`.',
  }),
  resolver: optional({
    key: 'resolver',
    aliases: ['account_resolver', 'accounts_resolver'],
    type: resolver,
    defaultText: 'the `account_server_url` of the operator',
    help: 'Where the JWTs of accounts come from.',
  }),
  resolverTls: optional({
    key: 'resolver_tls',
    type: resolverTls,
    defaultText: 'authorities of the system',
    help: 'TLS towards the server of a `URL` resolver.',
  }),
  preload: setting<Readonly<Record<string, string>>>({
    key: 'resolver_preload',
    type: preload,
    default: {},
    defaultText: 'none',
    help: 'JWTs of accounts that the resolver has from the start. Not for `URL`.',
  }),
  pinnedAccounts: setting<readonly string[]>({
    key: 'resolver_pinned_accounts',
    type: pinnedAccounts,
    default: [],
    help: 'The only accounts whose users may come in, beside the system account. Empty: all.',
  }),
  defaultSentinel: optional({
    key: 'default_sentinel',
    type: secret('user JWT'),
    defaultText: 'none',
    help: 'The JWT of clients that show none: a bearer token, or of a scoped user.',
  }),
}
