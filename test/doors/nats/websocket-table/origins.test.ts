/** Which pages may open a WebSocket: `same_origin` and `allowed_origins`. */
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { type Differing, expectationOf, type RunningImplementation, table } from './servers.ts'
import { ask, bodyOf } from './wire-client.ts'

const webSocket = (options: string) => `websocket { listen: "127.0.0.1:-1", no_tls: true\n${options} }`

interface OriginCase {
  readonly what: string
  readonly host?: string
  readonly origin?: string
  readonly status: Differing<number>
}

const SOME_LIST = 'allowed_origins: ["http://host1.com", "http://host2.com:1234"]'
const ORIGIN_RULES: readonly (readonly [options: string, cases: readonly OriginCase[]])[] = [
  ['', [{ what: 'any', origin: 'http://any.host.com', status: 101 }]],
  [
    'same_origin: true',
    [
      { what: 'same origin ok', host: 'host.com', origin: 'http://host.com:80', status: 101 },
      { what: 'same origin ok with default port', host: 'HOST.com:80', origin: 'http://host.com', status: 101 },
      { what: 'same origin bad host', host: 'host.com', origin: 'http://other.host.com', status: 403 },
      { what: 'same origin bad port', host: 'host.com', origin: 'http://host.com:81', status: 403 },
      {
        what: 'same origin bad scheme',
        host: 'host.com:443',
        origin: 'https://host.com',
        status: { belfry: 403, natsServer: 101 },
      },
      { what: 'same origin bad uri', host: 'host.com', origin: '@@@://invalid:url:1234', status: 403 },
      { what: 'same origin bad url', host: 'host.com', origin: 'http://invalid:url:1234', status: 403 },
      { what: 'same origin null', host: 'host.com', origin: 'null', status: 403 },
      // Go's HTTP layer, which does not know a host like this, comes before the question.
      { what: 'same origin bad req host', host: 'invalid:url:1234', origin: 'http://host.com', status: 403 },
      { what: 'no origin same origin ignored', host: 'host.com', status: 101 },
    ],
  ],
  [
    SOME_LIST,
    [
      { what: 'no origin list ignored', status: 101 },
      { what: 'allowed from list', origin: 'http://host2.com:1234', status: 101 },
      { what: 'allowed with different path', origin: 'http://host1.com/some/path', status: 101 },
      { what: 'allowed in another case, with the default port', origin: 'HTTP://Host1.Com:80', status: 101 },
      { what: 'list bad host', origin: 'http://host1.com.evil.example', status: 403 },
      { what: 'list bad port', origin: 'http://host1.com:1234', status: 403 },
      { what: 'list bad scheme', origin: 'https://host2.com:1234', status: 403 },
    ],
  ],
  [
    `same_origin: true, ${SOME_LIST}`,
    [
      { what: 'no origin same origin and list ignored', status: 101 },
      { what: 'both rules, kept', host: 'host1.com', origin: 'http://host1.com', status: 101 },
      { what: 'both rules, not in the list', host: 'host3.com', origin: 'http://host3.com', status: 403 },
      { what: 'both rules, not the same', host: 'host1.com', origin: 'http://host2.com:1234', status: 403 },
    ],
  ],
  [
    'allowed_origins: ["http://host3.com", "https://host3.com"]',
    [
      // 2.9.10 keeps one entry for each host, the last.
      {
        what: 'allowed from list same host http',
        origin: 'http://host3.com',
        status: { belfry: 101, natsServer: 403 },
      },
      { what: 'allowed from list same host https', origin: 'https://host3.com', status: 101 },
    ],
  ],
]

table(({ name, start }) => {
  for (const [options, cases] of ORIGIN_RULES) {
    describe(options || 'without rules', () => {
      let server: RunningImplementation
      before(async () => {
        server = await start(webSocket(options))
      })
      after(() => server?.[Symbol.asyncDispose]())

      for (const { what, host, origin, status } of cases) {
        // Older clients put it into another header (RFC 6455's drafts), which counts where there is no `Origin`.
        for (const header of ['Origin', 'Sec-WebSocket-Origin']) {
          test(`WSCheckOrigin: ${what} (${header}: ${origin})`, async () => {
            const headers = { ...(host === undefined ? {} : { Host: host }), [header]: origin }
            const answer = await ask(server.webSocket, { headers })
            assert.equal(answer.status, expectationOf(status, name))
            if (answer.status === 403) assert.equal(await bodyOf(answer), 'Forbidden\n')
            answer.raw.destroy()
          })
          if (origin === undefined) break
        }
      }
    })
  }
})
