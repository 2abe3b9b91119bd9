import { svelte } from '@sveltejs/vite-plugin-svelte'
import { defineConfig } from 'vite'
import { precompressed } from './build/precompressed.ts'
import { thirdPartyNotices } from './build/third-party.ts'

/** Of a Belfry, for `npm run dev`: `npm start` beside it. */
const SERVER = 'http://127.0.0.1:8000'
const SERVED = ['/api', '/identity', '/icons', '/notifications', '/attachments', '/sends']

/**
 * What three pages need is loaded with the first of them: together, since forty small files take longer than these two and
 * compress worse.
 */
const SHARED = [
  { name: 'shared', test: /\/src\/(state|crypto|i18n|api|ui|session|pages)\//, minShareCount: 3 },
  { name: 'vault', test: /\/src\/(model|vault|live)\//, minShareCount: 3 },
]

export default defineConfig({
  // Belfry may be below any path.
  base: './',
  plugins: [svelte({ configFile: false }), thirdPartyNotices(), precompressed()],
  build: {
    target: 'es2023',
    modulePreload: { polyfill: false },
    assetsInlineLimit: 0,
    reportCompressedSize: false,
    rolldownOptions: {
      // The web vault, and the pages of operators at /admin/.
      input: ['index.html', 'admin.html'],
      output: { codeSplitting: { groups: SHARED } },
    },
  },
  server: { proxy: Object.fromEntries(SERVED.map((path) => [path, { target: SERVER, ws: true }])) },
})
