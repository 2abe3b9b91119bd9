import type { FastifyReply } from 'fastify'
import Type from 'typebox'
import { guardedGet } from '#net'
import type { VaultContext } from '../context.ts'
import { ApiError } from '../errors.ts'
import type { VaultApp } from '../schema.ts'
import { iconHost } from './host.ts'
import { Icons, type SiteIcon } from './icons.ts'

const IconParams = Type.Object({ host: Type.String() })

/** `GET /icons/<host>/icon.png`: the icons that clients show beside logins, for whoever asks (spec/vault.md §7.6). */
export function registerIcons(scope: VaultApp, context: VaultContext): void {
  const { settings, clock, logger, clientAddress } = context
  const { service, redirectCode } = settings.icons
  const get = context.guardedGet ?? guardedGet(settings.outgoing, { clock })
  const icons = new Icons(settings.icons, { get, clock, logger: logger.child({ room: 'icons' }) })
  scope.addHook('preClose', async () => icons.close())

  scope.get('/icons/:host/icon.png', { schema: { params: IconParams } }, async ({ params, raw }, reply) => {
    const host = iconHost(params.host)
    const isAllowed = host !== undefined && !settings.outgoing.blockedHosts?.test(host)
    if (service === 'internal') {
      return send(reply, isAllowed ? await icons.of(host, clientAddress(raw)) : icons.none())
    }
    if (!isAllowed) throw new ApiError('NOT_FOUND', 'There is no icon of this host.')
    const maxAge = settings.icons.cacheSeconds
    return forOtherPages(reply, maxAge).redirect(
      service.replace('{}', () => host),
      redirectCode,
    )
  })
}

const send = (reply: FastifyReply, { bytes, type, maxAgeSeconds }: SiteIcon) =>
  forOtherPages(reply, maxAgeSeconds).type(type).send(bytes)

/** Extensions and desktop apps show icons on pages that are not of this origin. */
function forOtherPages(reply: FastifyReply, maxAgeSeconds: number): FastifyReply {
  reply.removeHeader('Cross-Origin-Resource-Policy')
  return reply.header('Cache-Control', `public, immutable, max-age=${maxAgeSeconds}`)
}
