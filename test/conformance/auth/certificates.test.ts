/** Users who are known by their TLS client certificates: `spec/nats.md` §4.4. */
import assert from 'node:assert/strict'
import { after, before, describe } from 'node:test'
import { usernamePasswordAuthenticator } from '@nats-io/nats-core'
import { TestAuthority } from '../../helpers/certificates.ts'
import { CARRIERS, type Carrier } from './carriers.ts'
import { certificates, describeForm, type Form } from './forms.ts'
import { overEach, Sites, table } from './sites.ts'

const { authority, folder } = certificates
const none: readonly string[] = []
const issued = {
  email: await authority.issue({ subject: 'CN=mail', emails: ['mail@example.com'], dnsNames: none }),
  dns: await authority.issue({ subject: 'CN=dns', dnsNames: ['client.example.com'] }),
  uri: await authority.issue({ subject: 'CN=uri', dnsNames: none, uris: ['spiffe://example.com/user'] }),
  // As they are written in a certificate: from the general to the special.
  dn: await authority.issue({ subject: 'OU=NATS.io,CN=example.com', dnsNames: none }),
  reversed: await authority.issue({ subject: 'CN=Reversed,OU=Unit,O=Organisation', dnsNames: none }),
  several: await authority.issue({
    subject: 'CN=several',
    emails: ['unknown@example.com', 'second@example.com'],
    dnsNames: ['client.example.com'],
  }),
  web: await authority.issue({ subject: 'CN=web', dnsNames: none }),
  tcp: await authority.issue({ subject: 'CN=tcp', dnsNames: none }),
  nobody: await authority.issue({ subject: 'CN=nobody', dnsNames: ['nobody.example.com'] }),
  part: await authority.issue({ subject: 'CN=example.com', dnsNames: none }),
}
const stranger = await (await TestAuthority.create(folder, 'strangers')).issue({ subject: 'CN=dns' })

const SECURE = CARRIERS.filter(({ isTls }) => isTls)

const user = (name: string, subject: string, more = '') =>
  `{ user: "${name}", permissions: { publish: "${subject}", subscribe: "${subject}" } ${more} }`
const USERS = [
  user('mail@example.com', 'by.email'),
  user('client.example.com', 'by.dns'),
  user('spiffe://example.com/user', 'by.uri'),
  user('CN=example.com,OU=NATS.io', 'by.dn'),
  user('CN=Reversed,OU=Unit,O=Organisation', 'by.reversed'),
  user('second@example.com', 'by.second'),
  user('CN=web', 'by.web', ', allowed_connection_types: [WEBSOCKET]'),
  user('CN=tcp', 'by.tcp', ', allowed_connection_types: [STANDARD]'),
  '{ user: name, password: secret }',
]
const config = (users: readonly string[]) => ({
  main: `authorization { users: [\n${users.join('\n')}\n] }`,
  tls: 'verify_and_map: true',
})

const FORM: Form = {
  name: 'verify_and_map',
  config: config(USERS),
  carriers: SECURE,
  accepted: {
    'a user by e-mail': { certificate: issued.email, subject: 'by.email' },
    'a user by DNS name': { certificate: issued.dns, subject: 'by.dns' },
    'a user by URI': { certificate: issued.uri, subject: 'by.uri' },
    'a user by distinguished name': { certificate: issued.dn, subject: 'by.dn' },
    'a user by distinguished name in another order': { certificate: issued.reversed, subject: 'by.reversed' },
    'the second e-mail, before the DNS name,': { certificate: issued.several, subject: 'by.second' },
  },
  refused: {
    'a certificate of nobody': { certificate: issued.nobody },
    'a part of a distinguished name': { certificate: issued.part },
    'a certificate of nobody with a password': {
      certificate: issued.nobody,
      authenticator: usernamePasswordAuthenticator('name', 'secret'),
    },
  },
  tcpOnly: { 'a user for TCP': { certificate: issued.tcp, subject: 'by.tcp' } },
  webSocketOnly: { 'a user for WebSockets': { certificate: issued.web, subject: 'by.web' } },
  removal: config(USERS.slice(1)),
  isRemovalSilent: true,
}

table((implementation) => {
  describeForm(implementation, FORM)

  describe('verify', () => {
    let sites: Sites
    before(async () => {
      const main = 'authorization { users: [{ user: name, password: secret }, { user: "CN=web" }] }'
      sites = await Sites.start(implementation, { main, tls: 'verify: true' }, certificates)
    })
    after(() => sites?.[Symbol.asyncDispose]())

    const credentials = { authenticator: usernamePasswordAuthenticator('name', 'secret') }
    overEach(
      'a certificate and a password get in',
      async (carrier) => {
        await using joined = await sites.join(carrier, { certificate: issued.web, ...credentials })
        await joined.connection.flush()
      },
      SECURE,
    )
    overEach('nobody comes as far as a password without a certificate', (carrier) => cut(carrier, sites), SECURE)
    overEach(
      'nor with one of an authority that is not known',
      (carrier) => cut(carrier, sites, { certificate: stranger }),
      SECURE,
    )
  })
})

/** In TLS 1.3 the client hears of it only when its own handshake is done. */
async function cut(carrier: Carrier, sites: Sites, credentials = {}): Promise<void> {
  const [, site, shown] = sites.over(carrier, credentials)
  const authenticator = usernamePasswordAuthenticator('name', 'secret')
  await assert.rejects(
    carrier.join(site, { ...shown, authenticator }),
    ({ message }) => !/Authorization/i.test(message),
  )
}
