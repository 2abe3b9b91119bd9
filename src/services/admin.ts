import { existsSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import type { RequestListener } from 'node:http'
import type { AdminTools } from '#admin'
import { AdminSessions, type SigningKey } from '#auth'
import type { Options } from '#config'
import { runDoctor } from '#doctor'
import type { Clock, Logger } from '#kit'
import { forwardedRequest } from '#net'
import { RateLimiter } from '#vault'
import packageJson from '../../package.json' with { type: 'json' }
import { answerControl, type Controlled } from './control/control-requests.ts'
import { ADMIN_PAGE, headersOfPageFile, OWN_FOLDER, OWN_HEADERS, openPageFiles } from './web/page-files.ts'
import type { WebClients } from './web/web-clients.ts'
import { adminPolicy } from './web/web-vault-policy.ts'

/** What `/admin` answers where nobody has set a token. */
const SWITCHED_OFF = 'There are no admin pages: ADMIN_TOKEN is not set.\n'

export interface AdminSurroundings {
  /** What the pages show and do. */
  readonly controlled: Omit<Controlled, 'version'>
  readonly signingKey: SigningKey
  /** Certificate of the local authority; undefined where there is none. */
  readonly authorityFile: () => string | undefined
  readonly clients: WebClients
  readonly clock: Clock
  readonly logger: Logger
}

/**
 * What answers at `/admin`, below the path of DOMAIN: the pages of the web vault's build, or a line that says that there are
 * none.
 */
export async function openAdminPages(options: Options, surroundings: AdminSurroundings): Promise<RequestListener> {
  const { admin, vault } = options
  const { signingKey, clock, clients } = surroundings
  const controlled = { ...surroundings.controlled, version: packageJson.version }
  const logger = surroundings.logger.child({ room: 'admin' })
  if (admin === undefined) return (_request, response) => sayPlainly(response, SWITCHED_OFF)
  const { token, sessionSeconds, rateLimit } = admin
  if (token === undefined) logger.warn({}, 'the admin pages are open to whoever reaches them (DISABLE_ADMIN_TOKEN)')
  const { origin, basePath, domain } = vault
  const sessions = new AdminSessions(signingKey, { origin, token: token ?? '', lifetimeSeconds: sessionSeconds, clock })
  const limit = new RateLimiter(rateLimit, clock, { name: 'admin', share: undefined })
  // Loaded where there are any, since loading it takes time at every start.
  const { createAdminApp } = await import('#admin')
  const app = await createAdminApp({
    logger,
    clock,
    control: (request, body) => answerControl(request, async () => body, controlled),
    clientAddress: clients.address,
    async doctor({ url, idleSeconds, signal }, onCheck) {
      const authorityFile = surroundings.authorityFile()
      const ca = authorityFile === undefined ? undefined : await readFile(authorityFile, 'utf8')
      return runDoctor({ url, idleMs: idleSeconds * 1000, ca, signal }, onCheck)
    },
    access: token === undefined ? undefined : { token, sessions },
    basePath,
    domain,
    page: await openPage(logger),
    reachedBy: (request) => forwardedRequest(request, clients.isTrusted),
    mayTry: (address) => limit.take(address),
  })
  return (request, response) => app.routing(request, response)
}

/** The page and its parts, which lie beside those of the web vault: no others of them are served here. */
async function openPage(logger: Logger): Promise<AdminTools['page']> {
  if (!existsSync(`${OWN_FOLDER}/${ADMIN_PAGE}`)) {
    logger.warn({ folder: OWN_FOLDER }, 'the admin pages are not built, so none are served: "npm start" builds them')
    return () => false
  }
  const policy = adminPolicy()
  const headersOf = (name: string, contentType: string) => ({
    ...headersOfPageFile(name, { contentType, policy }),
    ...OWN_HEADERS,
  })
  const files = await openPageFiles(OWN_FOLDER, headersOf)
  return (name, request, response) => {
    const file = name === 'index.html' ? ADMIN_PAGE : name
    const isPart = file === ADMIN_PAGE || file.startsWith('assets/') || /^[\w-]+\.(?:js|svg)$/.test(file)
    if (!isPart || !files.has(file)) return false
    void files.send(file, request, response)
    return true
  }
}

function sayPlainly(response: Parameters<RequestListener>[1], text: string): void {
  const headers = {
    'Content-Type': 'text/plain; charset=utf-8',
    'Cache-Control': 'no-store',
    'X-Content-Type-Options': 'nosniff',
  }
  response.writeHead(404, headers).end(text)
}
