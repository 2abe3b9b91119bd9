import { Schedule } from '#kit'
import { InvalidValue } from '../language/index.ts'
import { text } from './text.ts'

/** When a job runs, as `Schedule` reads it. Empty: never. */
export const schedule = text('cron expression with seconds, in UTC; empty for never', (expression, source) => {
  const trimmed = expression.trim()
  if (trimmed === '') return ''
  try {
    new Schedule(trimmed)
  } catch (error) {
    const sample = 'write one such as "0 5 0 * * *", or nothing for never'
    throw new InvalidValue(`${source.name}: ${(error as Error).message} (${sample})`)
  }
  return trimmed
})
