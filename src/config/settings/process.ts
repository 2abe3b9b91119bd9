import { path } from '../types/text.ts'
import { optional } from './setting.ts'

export const processSettings = {
  pidFile: optional({
    key: 'pid_file',
    aliases: ['pidfile'],
    type: path(),
    defaultText: 'none',
    help: 'File with the number of the process.',
  }),
  portsFileFolder: optional({
    key: 'ports_file_dir',
    type: path('path of a folder'),
    defaultText: 'none',
    help: 'Folder of a file that tells on which ports the server listens.',
  }),
}
