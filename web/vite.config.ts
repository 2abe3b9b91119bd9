import { svelte } from '@sveltejs/vite-plugin-svelte'
import { defineConfig } from 'vite'
import { precompressed } from './build/precompressed.ts'
import { thirdPartyNotices } from './build/third-party.ts'

export default defineConfig({
  // Belfry may be below any path.
  base: './',
  plugins: [svelte({ configFile: false }), thirdPartyNotices(), precompressed()],
  build: { target: 'es2023', modulePreload: { polyfill: false }, assetsInlineLimit: 0, reportCompressedSize: false },
})
