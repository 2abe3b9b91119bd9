/** `node src/config/document.ts` writes docs/configuration.md. A test tells when it must be run again. */
import { writeFileSync } from 'node:fs'
import { configurationPage } from './documentation.ts'

writeFileSync(new URL('../../docs/configuration.md', import.meta.url), configurationPage())
