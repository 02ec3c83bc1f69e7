# The bridge on Node 24: production dependencies only, no build step (Node runs the TypeScript files directly), an
# unprivileged user. The root file system can be read-only, because the bridge writes to /data only.
#
#   docker build -t mcp-github-bridge .
#   docker build -t mcp-github-bridge-demo --target demo .     the simulated GitHub for docker-compose.demo.yml

# A tag, or a tag with a digest (node:24-slim@sha256:…), so that a build can be repeated.
ARG NODE_IMAGE=node:24-slim

FROM ${NODE_IMAGE} AS dependencies
WORKDIR /app
COPY package.json package-lock.json ./
# --ignore-scripts: no dependency needs its install script.
RUN npm ci --omit=dev --ignore-scripts --no-audit --no-fund

FROM ${NODE_IMAGE} AS runtime
WORKDIR /app
ENV NODE_ENV=production
# All files in /app belong to root, so that the process cannot change its own code.
COPY --from=dependencies /app/node_modules ./node_modules
COPY package.json ./

FROM runtime AS demo
COPY demo ./demo
# All that the simulated GitHub takes from the bridge.
COPY src/closed-output.ts ./src/
USER node
EXPOSE 9000
CMD ["node", "demo/github/main.ts"]

# The last stage is the one that `docker build` without --target builds.
FROM runtime AS bridge
COPY src ./src
COPY templates ./templates
# Node's compile cache, which halves the time of a start. It is made here, because the bridge cannot write to /app, and by
# the user that runs it, whose id is part of its name. Then it belongs to root, like all code.
RUN install -d -o node node_modules/.cache/compiled
USER node
RUN NODE_COMPILE_CACHE=node_modules/.cache/compiled \
  node --input-type=module --eval "\
    import { globSync } from 'node:fs'; \
    const programs = ['src/main.ts', 'src/admin/main.ts', 'src/doctor/main.ts']; \
    for (const file of globSync('src/**/*.ts', { exclude: ['src/store/conformance/**'] })) \
      if (!programs.includes(file)) await import('/app/' + file);" \
  # Without a configuration it ends with 2, as soon as it has been loaded.
  && (node src/cached-main.js 2>/dev/null || [ $? -eq 2 ])
USER root
RUN chown -R root:root node_modules/.cache && chmod -R a+rX node_modules/.cache
# A new named volume that is mounted here gets this owner and mode.
RUN install -d -o node -g node -m 700 /data
ENV HOST=0.0.0.0 PORT=8000 DATA_DIR=/data
USER node
EXPOSE 8000
# Asked by bash itself: a start of Node for each question takes 0.2 s of a processor and 85 MB, this 0.01 s and 3 MB.
HEALTHCHECK --interval=10s --timeout=5s --start-period=30s --retries=3 \
  CMD ["bash", "-c", "exec 3<>/dev/tcp/127.0.0.1/$PORT && printf 'GET /readyz HTTP/1.0\\r\\n\\r\\n' >&3 && read -r _ status _ <&3 && [ \"$status\" = 200 ]"]
ARG VERSION=
ARG REVISION=
ARG NODE_IMAGE
LABEL org.opencontainers.image.title="mcp-github-bridge" \
  org.opencontainers.image.description="An OAuth 2.1 authorization server and MCP server in front of GitHub" \
  org.opencontainers.image.licenses="MIT" \
  org.opencontainers.image.version="${VERSION}" \
  org.opencontainers.image.revision="${REVISION}" \
  org.opencontainers.image.base.name="${NODE_IMAGE}"
CMD ["node", "src/cached-main.js"]
