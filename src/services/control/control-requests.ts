import { LOG_LEVELS, LOG_ROOMS, type LogLevel } from '#config'
import { ConfigError } from '#kit'
import type { AdjustableLogger } from '#ops'
import type { ReloadReport } from '../reload/reload.ts'
import type { ServerStatus } from './server-status.ts'

/** What can be asked of a running server by its operator. */
export interface Controlled {
  readonly version: string
  status(): Promise<ServerStatus>
  reloadReport(options: { readonly dryRun: boolean }): Promise<ReloadReport>
  /** Whose levels are read and set; undefined where the log is somebody else's. */
  readonly log: Log | undefined
}

type Log = Pick<AdjustableLogger, 'level' | 'roomLevels'>

export interface ControlAnswer {
  readonly status: number
  /** JSON; `{ message }` for what cannot be done. */
  readonly body: object
}

/**
 * `GET /status`; `POST /reload` with `{ dryRun }`; `GET /log-level`, and `PUT` with `{ level, room }`, where a level of
 * `null` lets the room follow the others again. `read` has their JSON object. Rejects only for bugs.
 */
export async function answerControl(
  request: string,
  read: () => Promise<Record<string, unknown>>,
  controlled: Controlled,
): Promise<ControlAnswer> {
  const { version, log } = controlled
  try {
    switch (request) {
      case 'GET /status':
        return { status: 200, body: { status: { version, ...(await controlled.status()), ...levelsOf(log) } } }
      case 'POST /reload': {
        const { dryRun = false } = await read()
        return { status: 200, body: await reload(controlled, dryRun === true) }
      }
      case 'GET /log-level':
        return { status: 200, body: levelsOf(log) }
      case 'PUT /log-level':
        setLevel(log, await read())
        return { status: 200, body: levelsOf(log) }
      default:
        return { status: 404, body: { message: `this server (version ${version}) does not know how to do that` } }
    }
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error
    return { status: 400, body: { message: error.message } }
  }
}

async function reload({ reloadReport }: Controlled, dryRun: boolean): Promise<ReloadReport> {
  try {
    return await reloadReport({ dryRun })
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error
    throw new ConfigError(`the configuration stays as it was:\n${error.message}`, { cause: error })
  }
}

function levelsOf(log: Log | undefined): Partial<Log> {
  return log === undefined ? {} : { level: log.level, roomLevels: log.roomLevels }
}

function setLevel(log: Log | undefined, { level, room }: Record<string, unknown>): void {
  if (log === undefined) throw new ConfigError('the log of this server is that of the program around it')
  const isLevel = (text: unknown): text is LogLevel => LOG_LEVELS.some((one) => one === text)
  if (!isLevel(level) && !(level === null && room !== undefined)) {
    throw new ConfigError(`there is no log level ${JSON.stringify(level)}: levels are ${LOG_LEVELS.join(', ')}`)
  }
  if (room === undefined) {
    if (level !== null) log.level = level
    return
  }
  if (!LOG_ROOMS.some((one) => one === room)) {
    throw new ConfigError(`there is no room ${JSON.stringify(room)} in the log: rooms are ${LOG_ROOMS.join(', ')}`)
  }
  const { [room as string]: _, ...others } = log.roomLevels
  log.roomLevels = level === null ? others : { ...others, [room as string]: level }
}
