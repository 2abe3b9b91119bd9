/** Writes docs/api.md anew. */
import { writeFile } from 'node:fs/promises'
import path from 'node:path'
import { apiPage } from './api-page/page.ts'

await writeFile(path.join(import.meta.dirname, '../docs/api.md'), await apiPage())
