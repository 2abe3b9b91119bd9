import { Cron } from 'croner'

/** Names that croner knows only by their first three letters. The fields of Vaultwarden's schedules may have them whole. */
const LONG_NAMES = [
  ...['january', 'february', 'march', 'april', 'june', 'july', 'august', 'september', 'october', 'november'],
  ...['december', 'sunday', 'monday', 'tues', 'tuesday', 'wednesday', 'thurs', 'thursday', 'friday', 'saturday'],
]

/** Times that come again, as a cron expression says. */
export class Schedule {
  readonly #cron: Cron

  /**
   * Second, minute, hour, day of the month, month and day of the week, perhaps also the year, in UTC; or `@daily` and the
   * like. As in Vaultwarden, 1 is Sunday, and both days must be right where both are given. Throws a RangeError that says
   * what is wrong.
   */
  constructor(expression: string) {
    const isNickname = expression.startsWith('@')
    const { length } = expression.trim().split(/\s+/)
    // A moment is a schedule for croner, too.
    if (!isNickname && length !== 6 && length !== 7) {
      throw new RangeError('it must have six fields: second, minute, hour, day of month, month, day of week')
    }
    const shortened = expression.replace(/[a-z]{4,}/gi, (word) =>
      LONG_NAMES.includes(word.toLowerCase()) ? word.slice(0, 3) : word,
    )
    try {
      this.#cron = new Cron(isNickname ? expression : shortened, {
        mode: isNickname ? '5-part' : '6-or-7-parts',
        paused: true,
        timezone: 'UTC',
        alternativeWeekdays: true,
        domAndDow: true,
        // `0/10`, which is `0-59/10`
        sloppyRanges: true,
      })
    } catch (error) {
      // Numbers at the end are days as croner counts them, from 0.
      throw new RangeError((error as Error).message.replace(/^CronPattern: |: -?\d+$/g, ''), { cause: error })
    }
  }

  /** The first time after `date`; undefined when there is none any more. */
  after(date: Date): Date | undefined {
    return this.#cron.nextRun(date) ?? undefined
  }

  /** The last time up to `date`, this one included; undefined when there was none. */
  upTo(date: Date): Date | undefined {
    return this.#cron.previousRuns(1, new Date(date.getTime() + 1))[0]
  }
}
