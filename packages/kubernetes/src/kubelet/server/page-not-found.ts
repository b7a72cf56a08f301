import { ApiError } from '../../api/api-error.ts'

export function pageNotFound(): ApiError {
  return new ApiError('NotFound', '404 page not found\n')
}
