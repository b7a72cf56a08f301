import { MinikubeError } from '../error.ts'

/** The command line is wrong; whoever knows the command adds which help to read. */
export class UsageError extends MinikubeError {
  constructor(message: string, advice?: string) {
    super('MK_USAGE', message, advice === undefined ? {} : { advice })
  }
}
