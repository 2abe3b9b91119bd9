import type { AccountLimits, Permissions } from '#core'
import type { Script } from '../script.ts'

/** Users of account `A`, as nats-server's configuration and as Belfry's door have them. */
export const USERS: Readonly<Record<string, Permissions | undefined>> = {
  full: undefined,
  reader: {
    subscribe: {
      allow: ['foo.*', 'bar.>', 'q.* grp', 'both', 'both v1', 'named team.*'],
      deny: ['bar.secret', 'bar.x.*', 'bar.q g1'],
    },
  },
  denied: { subscribe: { deny: ['no.*'] }, publish: { deny: ['no.>'] } },
  writer: { publish: { allow: ['a.>', 'x'], deny: ['a.no'] } },
  mute: { publish: { deny: ['>'] } },
  once: { publish: { allow: [] }, responses: { maxMessages: 1, ttlMs: 120_000 } },
  twice: { publish: { deny: ['_INBOX.>'] }, responses: { maxMessages: 2, ttlMs: 120_000 } },
  brief: { publish: { allow: ['x'] }, responses: { maxMessages: -1, ttlMs: 100 } },
}

export const LIMITS: AccountLimits = { maxSubscriptions: 3, maxConnections: 3 }

export const CONFIG = `accounts {
  A { users: [${Object.entries(USERS)
    .map(([user, permissions]) => userText(user, permissions))
    .join('\n')}] }
  SMALL {
    limits { max_subscriptions: ${LIMITS.maxSubscriptions}, max_connections: ${LIMITS.maxConnections} }
    users: [{ user: small, password: p }, { user: other, password: p }]
  }
}`

function userText(user: string, permissions: Permissions | undefined): string {
  const { publish, subscribe, responses } = permissions ?? {}
  const fields = { publish, subscribe }
  const rules = Object.entries(fields).flatMap(([name, value]) => {
    // An empty list says nothing in the configuration: who may only answer has none.
    const { allow, deny } = value ?? {}
    const lists = { ...(allow?.length ? { allow } : {}), ...(deny?.length ? { deny } : {}) }
    return Object.keys(lists).length === 0 ? [] : [`${name}: ${JSON.stringify(lists)}`]
  })
  if (responses !== undefined) {
    rules.push(`allow_responses: { max: ${responses.maxMessages}, expires: "${responses.ttlMs}ms" }`)
  }
  const limits = permissions === undefined ? '' : `, permissions: { ${rules.join(', ')} }`
  return `{ user: ${user}, password: p${limits} }`
}

const publishRefused = (subject: string) => `-ERR 'Permissions Violation for Publish to "${subject}"'␍␊`
const subscribeRefused = (subject: string, queue?: string) =>
  `-ERR 'Permissions Violation for Subscription to "${subject}"${queue ? ` using queue "${queue}"` : ''}'␍␊`

/** Who says something, besides the CONNECT that goes before it. */
export interface PermissionScript extends Script {
  readonly user: string
}

const subscribing = ([subject, queue, isAllowed]: readonly [string, string, boolean]): PermissionScript => ({
  name: `SUB ${subject} ${queue} is ${isAllowed ? 'allowed' : 'refused and survived'}`,
  user: 'reader',
  say: `SUB ${subject} ${queue} 1␍␊`,
  hear: isAllowed ? '' : subscribeRefused(subject, queue),
})

export const permissionScripts: readonly PermissionScript[] = [
  ...(
    [
      ['foo.a', '', true],
      ['foo.a', 'any', true],
      ['foo.*', '', true],
      ['foo.>', '', true],
      ['foo.a.b', '', false],
      ['>', '', false],
      ['*', '', false],
      ['bar.>', '', true],
      ['bar.secret', '', false],
      ['bar.secret', 'g', false],
      ['bar.x.>', '', false],
      ['bar.x.*', '', false],
      ['q.a', '', false],
      ['q.a', 'grp', true],
      ['q.a', 'other', false],
      ['q.>', 'grp', true],
      ['both', '', true],
      ['both', 'v1', true],
      ['both', 'v2', false],
      ['named', 'team.a', true],
      ['named', 'team.a.b', false],
      ['named', 'team.*', true],
      ['bar.q', '', true],
      ['bar.q', 'g1', false],
      ['bar.q', 'g2', true],
      ['bar.>', 'g1', true],
      ['foo.a', '_sys_', false],
      ['nope', '_sys_', false],
      ['foo..a', '', false],
    ] as const
  ).map(subscribing),
  {
    name: 'a subject that is none is not refused by what is denied',
    user: 'denied',
    say: 'SUB a..b 1␍␊',
    hear: "-ERR 'Invalid Subject'␍␊",
  },
  {
    name: 'what is allowed may be published',
    user: 'writer',
    say: 'PUB a.b 1␍␊x␍␊PUB x 1␍␊x␍␊PUB a.* 1␍␊x␍␊',
    hear: '',
  },
  {
    name: 'what is not allowed is refused and survived, and what follows is done',
    user: 'writer',
    say: 'SUB > 1␍␊PUB y 1␍␊1␍␊PUB x 1␍␊2␍␊PUB y 1␍␊3␍␊',
    hear: `${publishRefused('y')}MSG x 1 1␍␊2␍␊${publishRefused('y')}`,
  },
  {
    name: 'what is denied is refused though it is allowed',
    user: 'writer',
    say: 'PUB a.no 1␍␊x␍␊',
    hear: publishRefused('a.no'),
  },
  {
    name: 'a verbose client gets no +OK for what is refused',
    user: 'writer',
    say: 'CONNECT {"verbose":true,"user":"writer","pass":"p"}␍␊PUB y 1␍␊1␍␊PUB x 1␍␊2␍␊',
    hear: `+OK␍␊${publishRefused('y')}+OK␍␊`,
  },
  {
    name: 'permission is asked before a reserved reply is noticed',
    user: 'mute',
    say: 'PUB x _R_.a 1␍␊x␍␊',
    hear: publishRefused('x'),
  },
  {
    name: 'a reserved reply is refused to who may publish',
    user: 'writer',
    say: 'PUB x _R_.a 1␍␊x␍␊',
    hear: `-ERR 'Permissions Violation for Publish with Reply of "_R_.a"'␍␊`,
  },
  {
    name: 'a refused subject is quoted as Go quotes it',
    user: 'mute',
    say: 'PUB "\\ 0␍␊␍␊',
    hear: publishRefused('\\"\\\\'),
  },
  {
    name: 'what one may not publish is not answered with 503 either',
    user: 'mute',
    say: 'SUB _INBOX.1 1␍␊PUB x _INBOX.1 0␍␊␍␊',
    hear: publishRefused('x'),
  },
  {
    name: 'a denied subject is kept back from a subscription that is wider',
    user: 'denied',
    say: 'CONNECT {"user":"full","pass":"p","verbose":false,"pedantic":false}␍␊CONNECT {"user":"denied","pass":"p"}␍␊SUB > 1␍␊PUB yes.a 1␍␊x␍␊',
    hear: 'MSG yes.a 1 1␍␊x␍␊',
  },
  {
    name: 'one may not answer where one was not asked',
    user: 'once',
    say: 'SUB a 1␍␊PUB _INBOX.1 1␍␊x␍␊',
    hear: publishRefused('_INBOX.1'),
  },
  {
    name: 'subscriptions are limited for each connection of an account',
    user: 'small',
    say: 'SUB a 1␍␊SUB b 2␍␊SUB c 3␍␊SUB d 4␍␊SUB a 1␍␊',
    hear: "-ERR 'maximum subscriptions exceeded'␍␊-ERR 'maximum subscriptions exceeded'␍␊",
  },
]
