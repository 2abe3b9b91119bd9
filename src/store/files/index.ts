export { FileTooLargeError } from './errors.ts'
export { FileFolder, type Place, type StoredFile } from './file-folder.ts'
