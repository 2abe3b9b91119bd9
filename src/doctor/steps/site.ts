/** What answers at the address, and what it is. */
import type { Arrival } from '#net'
import { type Answer, ask, NoAnswer } from '../ask.ts'
import { isHtml, jsonOf, page, shown, troubleIn } from '../http-answers.ts'
import { Place } from '../place.ts'
import { type Finding, fault, ok, type Walk, warning } from '../walk.ts'

/** What is served at the address. `other`: it answers like a Bitwarden server that is none of these. */
export type ServerKind = 'Belfry' | 'Vaultwarden' | 'Bitwarden' | 'other'

const MAX_CLOCK_DIFFERENCE_MS = 30_000

/** So many are followed; clients differ, and none needs more. */
const MAX_REDIRECTS = 5

/** The first answer. `moved`: the walk begins anew at `walk.place`. */
export async function checkHttp(walk: Walk): Promise<'here' | 'moved' | 'nowhere'> {
  let moved: URL | undefined
  const finding = await walk.step('http', `HTTP at ${walk.place.url.origin}`, async () => {
    const answer = await walk.ask({ path: '/' })
    const trouble = troubleIn(answer)
    if (trouble?.fault === 'not-http') return fault(trouble.fault, trouble.says)
    moved = secureTwin(walk.place.url, answer)
    if (moved !== undefined)
      return warning('redirected', `everybody is sent to ${moved.origin}: apps need that address`)
    return ok(`${answer.status} ${page(answer)}${whoAnswers(walk, answer)}`)
  })
  if (finding.status === 'fault') return 'nowhere'
  if (moved === undefined) return 'here'
  walk.place = new Place(moved, walk.place.ca)
  return 'moved'
}

function whoAnswers(walk: Walk, { headers }: Answer): string {
  const named = headers.server === undefined ? '' : `, Server: ${shown(String(headers.server))}`
  return named === '' && walk.proxy !== undefined ? `, looks like ${walk.proxy}` : named
}

/** Where an answer sends everybody from `http:` to `https:` at the same name. */
function secureTwin(url: URL, { status, headers }: Answer): URL | undefined {
  if (url.protocol !== 'http:' || status < 300 || status >= 400) return undefined
  const target = URL.parse(headers.location ?? '', url.href)
  if (target?.protocol !== 'https:' || target.hostname !== url.hostname) return undefined
  return new URL(url.pathname, target.origin)
}

/** Whether the server is alive, below its path. */
export async function checkAlive(walk: Walk): Promise<boolean> {
  const finding = await walk.step('alive', `the server at ${walk.place.basePath}/alive`, async () => {
    const answer = await walk.ask({ path: '/alive' })
    const trouble = troubleIn(answer)
    if (trouble?.fault === 'proxy-login' && (await leadsBack(walk, answer))) {
      const says = `${answer.status} leads to ${shown(String(answer.headers.location))}, and that back again`
      return fault('redirect-loop', says, { path: '/' })
    }
    if (trouble !== undefined) return fault(trouble.fault, trouble.says, { path: '/' })
    const time = jsonOf(answer)
    const timeMs = typeof time === 'string' ? Date.parse(time) : Number.NaN
    if (answer.status === 200 && !Number.isNaN(timeMs)) return clockFinding(timeMs)
    if (answer.status >= 500) return fault('server-error', `${answer.status} ${page(answer)}`)
    return nobodyAlive(walk, answer)
  })
  return finding.status !== 'fault'
}

/** Follows redirects as an app does, below the same name alone, to see whether one of them leads where it was already. */
async function leadsBack(walk: Walk, first: Answer): Promise<boolean> {
  const seen = new Set<string>()
  for (let answer = first; answer.status >= 300 && answer.status < 400; ) {
    if (seen.has(answer.url.href)) return true
    seen.add(answer.url.href)
    const next = URL.parse(answer.headers.location ?? '', answer.url.href)
    const isHttp = next?.protocol === 'http:' || next?.protocol === 'https:'
    if (!isHttp || next.hostname !== first.url.hostname || seen.size > MAX_REDIRECTS) return false
    try {
      answer = await ask(
        new Place(new URL(next.origin), walk.place.ca),
        { path: next.pathname + next.search },
        walk.signal,
      )
    } catch (error) {
      if (!(error instanceof NoAnswer)) throw error
      return false
    }
  }
  return false
}

function clockFinding(timeMs: number): Finding {
  const differenceMs = timeMs - Date.now()
  if (Math.abs(differenceMs) <= MAX_CLOCK_DIFFERENCE_MS) return ok('alive')
  const seconds = Math.round(differenceMs / 1000)
  const says = `its clock is ${Math.abs(seconds)} s ${seconds > 0 ? 'ahead of' : 'behind'} the one here: tokens and codes may be refused`
  return warning('clock', says)
}

/** Something answered that is not alive: a Belfry with another path tells so. */
async function nobodyAlive(walk: Walk, answer: Answer): Promise<Finding> {
  const { arrival } = await walk.probe('/alive')
  const sent = `${walk.place.basePath}/alive`
  if (arrival !== undefined && arrival.path !== sent) return wrongPath(arrival, walk.place, '/alive')
  if (arrival !== undefined) {
    const says = `Belfry gets ${sent}, but its path is another one: DOMAIN must end with the path of the URL, and only with that`
    return { ...fault('wrong-path', says), mend: domainMend(walk.place.url) } as Finding
  }
  // So HTTP servers answer what is no HTTP.
  if (answer.status === 400 && answer.body === '') {
    const says = '400 without a body, as for what is no HTTP: does the proxy begin connections with the PROXY protocol?'
    return fault('something-else', `${says} Belfry's web port takes none: the proxy has to pass on HTTP without it`)
  }
  const what = isHtml(answer) ? 'a web page of something else' : 'something else'
  return fault('something-else', `${answer.status} ${page(answer)}: ${what} answers, or the path of the URL is wrong`)
}

/** What there is to say when another path arrives than was sent. */
export function wrongPath(arrival: Arrival, { basePath }: Place, path: string): Finding {
  const says = `what is sent to ${basePath}${path} arrives as ${shown(arrival.path)}: the proxy changes the path`
  return fault('wrong-path', says, { path })
}

/** Which server it is, and whether it tells clients the address that was asked. */
export async function checkServer(walk: Walk): Promise<ServerKind | undefined> {
  let kind: ServerKind | undefined
  await walk.step('server', 'which server it is', async () => {
    // Before anything is concluded from the names in the answer.
    const { arrival } = await walk.probe('/alive')
    const answer = await walk.ask({ path: '/api/config' })
    const trouble = troubleIn(answer)
    if (trouble !== undefined) return fault(trouble.fault, `/api/config: ${trouble.says}`, { path: '/api/config' })
    const config = configIn(answer)
    if (config === undefined) {
      return fault(
        'something-else',
        `/api/config answers ${answer.status} ${page(answer)}, which no Bitwarden server does`,
      )
    }
    kind = config.kind
    const is = `${config.kind === 'other' ? 'a Bitwarden-compatible server' : config.kind}, version ${config.version}`
    return addressFinding(walk, { ...config, is, arrival })
  })
  return kind
}

interface ServerConfig {
  readonly kind: ServerKind
  readonly version: string
  /** Where clients are told that the web vault and the hub are. */
  readonly vault: string | undefined
  readonly notifications: string | undefined
}

function configIn(answer: Answer): ServerConfig | undefined {
  const config = jsonOf(answer) as {
    readonly version?: unknown
    readonly server?: { readonly name?: unknown } | null
    readonly environment?: { readonly vault?: unknown; readonly notifications?: unknown } | null
  } | null
  if (answer.status !== 200 || typeof config?.version !== 'string') return undefined
  const name = config.server?.name
  const kind =
    config.server === null ? 'Bitwarden' : name === 'Belfry' || name === 'Vaultwarden' ? name : ('other' as const)
  const text = (value: unknown) => (typeof value === 'string' && value !== '' ? value : undefined)
  const { vault, notifications } = config.environment ?? {}
  return { kind, version: shown(config.version), vault: text(vault), notifications: text(notifications) }
}

function addressFinding(
  { place }: Walk,
  { is, vault, notifications, arrival }: ServerConfig & { readonly is: string; readonly arrival: Arrival | undefined },
): Finding {
  const told = URL.parse(vault ?? '')
  if (told === null) return ok(is)
  const asked = place.url
  const says = `${is}; clients are told ${shown(vault ?? '')}`
  const isSameHost = told.hostname === asked.hostname
  if (isSameHost && told.protocol === 'http:' && asked.protocol === 'https:') {
    const why = 'it does not know that it is reached by https://, and apps refuse the address that it tells them'
    return { ...fault('wrong-scheme', `${says}: ${why}`) }
  }
  const isSame = told.host === asked.host && told.pathname.replace(/\/+$/, '') === place.basePath
  // Where DOMAIN is not set the server only repeats a wrong name, which is a fault of its own.
  if (isSame || (arrival !== undefined && arrival.headers.host !== asked.host)) return ok(isSame ? is : says)
  const hub = notifications === undefined ? '' : `, and look for the hub at ${shown(notifications)}`
  return {
    status: 'warning',
    fault: 'wrong-domain',
    says: `${says}${hub}: that is DOMAIN, and not the address that was asked`,
    mend: domainMend(asked),
  }
}

function domainMend(url: URL) {
  const value = url.href.replace(/\/+$/, '')
  return { proxy: 'belfry', where: "in Belfry's environment, then restart it", lines: [`DOMAIN=${value}`] } as const
}
