import { generateKeyPairSync } from 'node:crypto'
import { ServiceTokens } from '#auth'
import { createRelayApp, type RelayContext } from '#relay'
import { openTestDatabase } from '../helpers/database.ts'
import { FakeClock } from '../helpers/fake-clock.ts'
import { lineOf, recordingLogger } from '../helpers/recording-logger.ts'

export const INSTALLATION = '11111111-1111-4111-8111-111111111111'
export const OTHER_INSTALLATION = '99999999-9999-4999-8999-999999999999'
export const USER = '22222222-2222-4222-8222-222222222222'
export const ORGANIZATION = '66666666-6666-4666-8666-666666666666'
export const CIPHER = '33333333-3333-4333-8333-333333333333'

const key = generateKeyPairSync('rsa', { modulusLength: 2048 })

export interface Published {
  readonly subject: string
  // biome-ignore lint/suspicious/noExplicitAny: whatever was published.
  readonly json: any
}

export interface Answer {
  readonly status: number
  readonly headers: Readonly<Record<string, unknown>>
  readonly text: string
  /** `message` of the body. */
  readonly message: string | undefined
}

/** The relay's app over a real database, with what it publishes in the test's hands. */
export async function startRelay(changes: Partial<RelayContext> = {}) {
  const clock = new FakeClock()
  const database = await openTestDatabase(clock)
  const { store } = database
  const serviceTokens = new ServiceTokens(key, 'https://relay.example.com', clock)
  const published: Published[] = []
  const logged: string[] = []
  const context: RelayContext = {
    serviceTokens,
    installations: new Set([INSTALLATION, OTHER_INSTALLATION]),
    relayedDevices: store.relayedDevices,
    publish: (subject, payload) => void published.push({ subject, json: JSON.parse(payload.toString()) }),
    clock,
    logger: recordingLogger((line) => line.level !== 'debug' && logged.push(lineOf(line))),
    pathPrefix: '',
    ...changes,
  }
  const app = await createRelayApp(context)

  async function request(method: string, url: string, body?: unknown, headers: Record<string, string> = {}) {
    const response = await app.inject({
      method: method as 'POST',
      url,
      headers: { ...(body === undefined ? {} : { 'content-type': 'application/json' }), ...headers },
      ...(body === undefined ? {} : { payload: typeof body === 'string' ? body : JSON.stringify(body) }),
    })
    const text = response.body
    const message = text.startsWith('{') ? JSON.parse(text).message : undefined
    return { status: response.statusCode, headers: response.headers, text, message } satisfies Answer
  }

  return {
    clock,
    store,
    logged,
    request,
    /** A request with a token of the installation `sub`. */
    async as(sub: string, method: string, url: string, body?: unknown) {
      const { token } = await serviceTokens.issue({ sub, scope: 'api.push' })
      return request(method, url, body, { authorization: `Bearer ${token}` })
    },
    serviceTokens,
    /** What was published since the last call. */
    takePublished: () => published.splice(0),
    async [Symbol.asyncDispose]() {
      await app.close()
      await database[Symbol.asyncDispose]()
    },
  }
}
