# The bridge on Node 24: production dependencies only, no build step (Node runs the TypeScript files directly), an
# unprivileged user. The root file system can be read-only, because the bridge writes to /data only.
#
#   docker build -t mcp-github-bridge .
#   docker build -t mcp-github-bridge-demo --target demo .     the simulated GitHub for docker-compose.demo.yml

FROM node:24-slim AS dependencies
WORKDIR /app
COPY package.json package-lock.json ./
# --ignore-scripts: no dependency needs its install script.
RUN npm ci --omit=dev --ignore-scripts --no-audit --no-fund

FROM node:24-slim AS runtime
WORKDIR /app
ENV NODE_ENV=production
# All files in /app belong to root, so that the process cannot change its own code.
COPY --from=dependencies /app/node_modules ./node_modules
COPY package.json ./

FROM runtime AS demo
COPY demo ./demo
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
HEALTHCHECK --interval=10s --timeout=5s --start-period=30s --retries=3 \
  CMD ["node", "-e", "fetch(`http://127.0.0.1:${process.env.PORT}/readyz`).then(({ ok }) => process.exit(ok ? 0 : 1), () => process.exit(1))"]
CMD ["node", "src/cached-main.js"]
