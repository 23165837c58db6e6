# The image: `make image`. Two stages: what builds (uv, Node, the compilers' caches) never reaches what runs.

FROM python:3.12-slim AS build
RUN pip install --no-cache-dir --disable-pip-version-check uv==0.13.9
ENV UV_NO_CACHE=1 UV_LINK_MODE=copy UV_PYTHON_DOWNLOADS=never
WORKDIR /src
# The packages come first: they change seldom, so this layer is kept. The demo's ffmpeg (165 MB) and pip (which
# sqlite-utils asks for, for a command nobody runs here) stay out.
COPY requirements.lock ./
RUN uv venv --quiet /opt/mydia \
 && uv pip install --quiet --python /opt/mydia/bin/python --require-hashes --requirement requirements.lock \
 && uv pip uninstall --quiet --python /opt/mydia/bin/python imageio-ffmpeg pip
COPY . .
RUN uv pip install --quiet --python /opt/mydia/bin/python --no-deps . \
 && /opt/mydia/bin/python -m compileall -q -j 0 /opt/mydia/lib

FROM python:3.12-slim
RUN useradd --uid 1000 --user-group --no-create-home --home-dir /data --shell /usr/sbin/nologin mydia \
 && install -d -o mydia -g mydia /data /config
COPY --from=build /opt/mydia /opt/mydia
# What Mydia writes goes to /data; config.yml is read from where it is started, /config.
ENV PATH=/opt/mydia/bin:$PATH PYTHONUNBUFFERED=1 MYDIA__DATA_DIR=/data
USER mydia
WORKDIR /config
VOLUME /data /config
EXPOSE 4000
HEALTHCHECK --interval=30s --timeout=5s --start-period=20s --retries=3 CMD ["mydia", "health"]
# The exec form: mydia is process 1, gets SIGTERM itself and ends in order.
CMD ["mydia"]
