import type { VaultApp } from '../schema.ts'
import { IMAGES } from './images.ts'

/** Where letters look for their images when these do not come with them (`SMTP_EMBED_IMAGES=false`). */
export function registerMailImages(scope: VaultApp): void {
  for (const [name, content] of Object.entries(IMAGES)) {
    scope.get(`/vw_static/${name}`, async (_request, reply) =>
      reply
        .type('image/png')
        .headers({ 'Cache-Control': 'public, max-age=604800', 'Cross-Origin-Resource-Policy': 'cross-origin' })
        .send(content),
    )
  }
}
