import { boolean } from '../types/boolean.ts'
import { kilobytes } from '../types/integer.ts'
import { path } from '../types/text.ts'
import { optional, setting } from './setting.ts'

/** Attachments and Sends; a part of the settings of the vault. */
export const fileSettings = {
  attachmentsFolder: optional({
    key: 'vault.attachments_folder',
    variable: 'ATTACHMENTS_FOLDER',
    type: path(),
    defaultText: '`<data_folder>/attachments`',
    help: 'Where the files of attachments lie.',
  }),
  userAttachmentLimit: optional({
    key: 'vault.user_attachment_limit',
    variable: 'USER_ATTACHMENT_LIMIT',
    type: kilobytes,
    defaultText: 'none: no limit',
    help: 'How much the attachments of one user may have in all. 0: there are no attachments.',
  }),
  sendsAllowed: setting({
    key: 'vault.sends_allowed',
    variable: 'SENDS_ALLOWED',
    type: boolean,
    default: true,
    help: 'Whether users may make Sends.',
  }),
  sendsFolder: optional({
    key: 'vault.sends_folder',
    variable: 'SENDS_FOLDER',
    type: path(),
    defaultText: '`<data_folder>/sends`',
    help: 'Where the files of Sends lie.',
  }),
  userSendLimit: optional({
    key: 'vault.user_send_limit',
    variable: 'USER_SEND_LIMIT',
    type: kilobytes,
    defaultText: 'none: no limit',
    help: 'How much the files in the Sends of one user may have in all. 0: Sends can only be texts.',
  }),
}
