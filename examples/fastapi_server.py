"""An MCP server in another language, behind the bridge (MCP_UPSTREAMS or UPSTREAMS_FILE with "credential": "identity").

The bridge does the login, and sends a JWT for this server alone that says who the person is. No GitHub token comes here.
"""

import os

import jwt
from fastapi import FastAPI, HTTPException, Request, Response

BRIDGE = os.environ.get("BRIDGE_URL", "http://localhost:8000")
AUDIENCE = os.environ.get("AUDIENCE", "http://127.0.0.1:8002/mcp")

keys = jwt.PyJWKClient(f"{BRIDGE}/.well-known/jwks.json")
app = FastAPI()

WHO_AM_I = {"name": "who_am_i", "description": "Says who calls", "inputSchema": {"type": "object"}}


def caller(request: Request) -> dict:
    """The claims of the caller. The bridge verified the person; this verifies that it was the bridge."""
    try:
        token = request.headers["authorization"].removeprefix("Bearer ")
        key = keys.get_signing_key_from_jwt(token).key
        return jwt.decode(token, key, algorithms=["RS256"], issuer=BRIDGE, audience=AUDIENCE)
    except (KeyError, jwt.PyJWTError) as error:
        raise HTTPException(401, "not from the bridge") from error


@app.post("/mcp")
async def mcp(request: Request) -> Response:
    """MCP by hand, to show that nothing else is needed; a library for MCP in your language does the same."""
    claims = caller(request)
    message = await request.json()
    if "id" not in message:
        return Response(status_code=202)
    match message["method"]:
        case "initialize":
            version = message["params"]["protocolVersion"]
            server = {"name": "fastapi", "version": "1.0.0"}
            result = {"protocolVersion": version, "capabilities": {"tools": {}}, "serverInfo": server}
        case "tools/list":
            result = {"tools": [WHO_AM_I]}
        case "tools/call":
            result = {"content": [{"type": "text", "text": f"{claims['github_login']} ({claims['sub']})"}]}
        case _:
            return reply(message, error={"code": -32601, "message": "Method not found"})
    return reply(message, result=result)


def reply(message: dict, **outcome: dict) -> Response:
    from fastapi.responses import JSONResponse

    return JSONResponse({"jsonrpc": "2.0", "id": message["id"], **outcome})
