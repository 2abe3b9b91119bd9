import { type AccountDefinition, type Import, isLiteralSubject, isSubset, isValidSubject } from '#core'

/**
 * The definition with what nats-server lets every account have of the system account: `$SYS.REQ.USER.INFO`, and about
 * itself alone `$SYS.REQ.ACCOUNT.PING.CONNZ`, `$SYS.REQ.SERVER.PING.CONNZ` and `$SYS.REQ.ACCOUNT.PING.STATZ`. What the
 * definition says of these subjects goes before. To be used on the system account's own definition as well, which gets the
 * exports, and imports from itself.
 */
export function withSystemServices(definition: AccountDefinition, systemAccount: string): AccountDefinition {
  const { name } = definition
  // It becomes a token of subjects; what cannot be one has to do without.
  if (name.includes('.') || !isValidSubject(name) || !isLiteralSubject(name)) return definition
  const connz = `$SYS.REQ.ACCOUNT.${name}.CONNZ`
  const wanted =
    name === systemAccount
      ? [serviceImport(systemAccount, `$SYS.REQ.USER.${name}.INFO`, USER_INFO)]
      : [
          serviceImport(systemAccount, connz, '$SYS.REQ.ACCOUNT.PING.CONNZ'),
          serviceImport(systemAccount, connz, '$SYS.REQ.SERVER.PING.CONNZ'),
          serviceImport(systemAccount, `$SYS.REQ.ACCOUNT.${name}.STATZ`, '$SYS.REQ.ACCOUNT.PING.STATZ'),
          serviceImport(systemAccount, `$SYS.REQ.USER.${name}.INFO`, USER_INFO),
        ]
  const taken = new Set(definition.imports.filter(({ kind }) => kind === 'service').map(({ to }) => to))
  const imports = [...definition.imports, ...wanted.filter(({ to }) => !taken.has(to))]
  return name === systemAccount
    ? { ...definition, imports, exports: withExports(definition) }
    : { ...definition, imports }
}

const USER_INFO = '$SYS.REQ.USER.INFO'

function serviceImport(account: string, subject: string, to: string): Import {
  // Who asks about itself has to be named; who asks about its account need not.
  return { kind: 'service', account, subject, to, sharesRequestor: to === USER_INFO, isBuiltIn: true }
}

function withExports({ exports }: AccountDefinition): AccountDefinition['exports'] {
  const services = exports.filter(({ kind }) => kind === 'service')
  const wanted: AccountDefinition['exports'] = [
    // An account can ask about no other than itself: its own name is put in the place of the token.
    ...['CONNZ', 'STATZ'].map((what) => ({
      kind: 'service' as const,
      subject: `$SYS.REQ.ACCOUNT.*.${what}`,
      access: { kind: 'public' as const },
      accountTokenPosition: 4,
      responseType: 'stream' as const,
      allowsTrace: false,
    })),
    {
      kind: 'service',
      subject: '$SYS.REQ.USER.*.INFO',
      access: { kind: 'public' },
      responseType: 'single',
      allowsTrace: false,
    },
  ]
  return [...exports, ...wanted.filter(({ subject }) => !services.some((one) => isSubset(subject, one.subject)))]
}
