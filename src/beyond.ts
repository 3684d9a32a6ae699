/** What takes the network, and all that it loads: validation does without, and so does a post step with nothing to do. */
export { grant } from './granting.js'
export { post } from './post.js'
