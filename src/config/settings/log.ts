import { type LogLevel, logLevel } from '../types/choices.ts'
import { setting } from './setting.ts'

export const logSettings = {
  level: setting<LogLevel>({
    key: 'log_level',
    variable: 'LOG_LEVEL',
    type: logLevel,
    default: 'info',
    help: 'Least important events that are logged.',
  }),
}
