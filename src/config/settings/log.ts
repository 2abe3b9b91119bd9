import { boolean } from '../types/boolean.ts'
import { type LoggedRequests, type LogLevel, loggedRequests, logLevel } from '../types/choices.ts'
import { unlimited } from '../types/integer.ts'
import { type RoomLevels, roomLevels } from '../types/room-levels.ts'
import { path } from '../types/text.ts'
import { optional, setting } from './setting.ts'

export const logSettings = {
  level: setting<LogLevel>({
    key: 'log_level',
    variable: 'LOG_LEVEL',
    type: logLevel,
    default: 'info',
    help: 'Least important events that are logged.',
  }),
  roomLevels: setting<RoomLevels>({
    key: 'log_levels',
    variable: 'BELFRY_LOG_LEVELS',
    type: roomLevels,
    default: {},
    defaultText: 'none',
    help: 'Other levels for the events of single rooms, the `room` or `door` of a line: `log_levels { hub: debug }`.',
  }),
  requests: setting<LoggedRequests>({
    key: 'log_requests',
    variable: 'BELFRY_LOG_REQUESTS',
    type: loggedRequests,
    default: 'errors',
    help:
      'Which HTTP requests get a line: those that the server failed (`errors`, as `error`; all others as `debug`), `all` ' +
      '(the others as `info`), or `none`.',
  }),
  debug: setting({
    key: 'debug',
    type: boolean,
    default: false,
    help: 'Logs also what helps to find mistakes; `log_level` is at least `debug` then.',
  }),
  trace: setting({
    key: 'trace',
    type: boolean,
    default: false,
    help: 'Logs also every protocol message; `log_level` is `trace` then.',
  }),
  traceVerbose: setting({
    key: 'trace_verbose',
    type: boolean,
    default: false,
    help: 'As `trace`, with the messages of the server itself.',
  }),
  traceHeaders: setting({
    key: 'trace_headers',
    type: boolean,
    default: false,
    help: 'As `trace`, but of messages only the headers.',
  }),
  maxTracedBytes: setting({
    key: 'max_traced_msg_len',
    type: unlimited({ max: Number.MAX_SAFE_INTEGER }),
    default: 0,
    help: 'Bytes of a traced message that are shown. 0: as many as a line may have, 4096.',
  }),
  time: setting({
    key: 'logtime',
    type: boolean,
    default: true,
    help: 'Whether lines of the log carry the time.',
  }),
  timeUtc: setting({
    key: 'logtime_utc',
    type: boolean,
    default: false,
    help: 'Whether that is the time of UTC, not of this place.',
  }),
  file: optional({
    key: 'log_file',
    aliases: ['logfile'],
    type: path(),
    defaultText: 'standard error',
    help: 'File of the log.',
  }),
  fileSizeLimitBytes: setting({
    key: 'log_size_limit',
    aliases: ['logfile_size_limit'],
    type: unlimited({ max: Number.MAX_SAFE_INTEGER }),
    default: 0,
    help: 'Bytes after which a log file is put aside and a new one begun. 0: never.',
  }),
  maxFiles: setting({
    key: 'log_max_num',
    aliases: ['logfile_max_num'],
    type: unlimited({ max: 2 ** 31 - 1 }),
    default: 0,
    help: 'Log files that are kept, the current one included. 0: all.',
  }),
}
