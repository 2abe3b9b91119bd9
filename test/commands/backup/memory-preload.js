// Loaded before Belfry (`node --import`): leaves in the file MEMORY_FILE how much memory it had at most. Kilobytes.
import { writeFileSync } from 'node:fs'

process.on('exit', () => writeFileSync(process.env.MEMORY_FILE, String(process.resourceUsage().maxRSS)))
