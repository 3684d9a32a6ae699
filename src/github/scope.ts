/** Where a secret lives. Secrets and variables of one place are siblings in GitHub's REST API. */
export type SecretScope =
  | { readonly kind: 'repository'; readonly repository: string }
  | { readonly kind: 'environment'; readonly repository: string; readonly environment: string }
  | { readonly kind: 'organization'; readonly organization: string }

/** Who may read an organisation's secret. */
export interface Visibility {
  readonly visibility: 'all' | 'private' | 'selected'
  /** Present with `selected`. */
  readonly repositoryIds?: readonly number[]
}

/** Returns the path above `/secrets` and `/variables`; an environment's name may hold anything and is encoded. */
export function pathOf(place: SecretScope): string {
  switch (place.kind) {
    case 'repository':
      return `/repos/${place.repository}/actions`
    case 'environment':
      return `/repos/${place.repository}/environments/${encodeURIComponent(place.environment)}`
    case 'organization':
      return `/orgs/${place.organization}/actions`
  }
}

/** Returns the place as a person names it. */
export function placeInWords(place: SecretScope): string {
  switch (place.kind) {
    case 'repository':
      return `repository ${place.repository}`
    case 'environment':
      return `environment ${place.environment} of ${place.repository}`
    case 'organization':
      return `organisation ${place.organization}`
  }
}

/** Returns the permissions that a GitHub token needs there, by the names that GitHub's pages show. */
export function permissionsFor(place: SecretScope): { readonly secrets: string; readonly variables: string } {
  switch (place.kind) {
    case 'repository':
      return {
        secrets: 'the repository permission Secrets: write',
        variables: 'the repository permission Variables: write'
      }
    case 'environment':
      return {
        secrets: 'the repository permission Environments: write',
        variables: 'the repository permission Environments: write'
      }
    case 'organization':
      return {
        secrets: 'the organisation permission Secrets: write',
        variables: 'the organisation permission Variables: write'
      }
  }
}
